import { z } from 'zod'

import { parseDuration } from './duration.ts'
import type { Duration } from './duration.ts'
import { invalidOption } from './option-error.ts'
import { readOptions } from './options.ts'
import type { DrainOptions } from './options.ts'

/** Options of {@link kubernetesProbes}. */
export interface KubernetesProbesOptions {
  /** Where the probes are answered: the port of the server, or that of the option `probes`. */
  readonly port: number
  /** The same as for `createLifecycle`. */
  readonly drain?: DrainOptions
  /**
   * The name of the container.
   * @default 'app'
   */
  readonly container?: string
  /**
   * How long start-up may take before the container is started anew.
   * @default '60s'
   */
  readonly startup?: Duration
}

/** Hooks have a second after the deadline, and the exit code has to be told. */
const afterDeadlineMs = 2_000

const startupHint = "use 1 s or more, such as '60s'"

const schema = z.strictObject({
  port: z.int().min(1).max(65_535),
  drain: z.custom<DrainOptions>().optional(),
  container: z
    .string()
    .regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, {
      error: 'use a name that Kubernetes takes: lower-case letters, digits and -',
    })
    .default('app'),
  startup: z
    .union([z.number(), z.string()], { error: startupHint })
    .transform((value) => parseDuration(value) ?? 0)
    .refine((ms) => ms >= 1_000, { error: startupHint })
    .default(60_000),
})

/**
 * The part of a pod's spec that fits a lifecycle, as YAML. Pure.
 *
 * `terminationGracePeriodSeconds` has room for the deadline, which counts from the signal and so contains the notice. There is no
 * `preStop` hook: the process keeps accepting for `drain.notice` by itself, and a sleep before SIGTERM would only use up the
 * same time again.
 *
 * @example
 * ```ts
 * const yaml = kubernetesProbes({ port: 9000, drain: { notice: '5s', deadline: '25s' } })
 * ```
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_OPTION_INVALID`, `CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT`
 */
export function kubernetesProbes(options: KubernetesProbesOptions): string {
  const parsed = schema.safeParse(options)
  if (!parsed.success) throw invalidOption('kubernetesProbes', parsed.error, options)
  const { port, container, drain = {}, startup } = parsed.data
  const { deadlineMs } = readOptions({ drain })
  const graceSeconds = Math.ceil((deadlineMs + afterDeadlineMs) / 1_000)
  const probes = [
    probe('startupProbe', '/startupz', port, [1, 1, Math.ceil(startup / 1_000)]),
    probe('livenessProbe', '/livez', port, [10, 2, 3]),
    probe('readinessProbe', '/readyz', port, [2, 1, 2]),
  ]
  return [
    `terminationGracePeriodSeconds: ${graceSeconds}`,
    'containers:',
    `  - name: ${container}`,
    ...probes.flat().map((line) => `    ${line}`),
    '',
  ].join('\n')
}

/** Every so many seconds, each with so many seconds to answer; so many failures count. */
type Rhythm = readonly [periodSeconds: number, timeoutSeconds: number, failureThreshold: number]

function probe(name: string, path: string, port: number, rhythm: Rhythm): string[] {
  const [period, timeout, failures] = rhythm
  return [
    `${name}:`,
    '  httpGet:',
    `    path: ${path}`,
    `    port: ${port}`,
    `  periodSeconds: ${period}`,
    `  timeoutSeconds: ${timeout}`,
    `  failureThreshold: ${failures}`,
  ]
}
