import { z } from 'zod'

import type { Duration } from './duration.ts'
import { refuse } from './lifecycle-error.ts'
import type { MetricsRegistry } from './metrics.ts'
import type { ProbeAddress } from './probe-listener.ts'
import type { ProbeDetails } from './probes.ts'

/** Where probes have a listener of their own. */
export interface ProbesOptions {
  /** 0 lets the system choose one; see `Lifecycle.probesAddress`. */
  readonly port: number
  /**
   * The address to listen on; in Kubernetes `'0.0.0.0'`, since the kubelet asks from outside.
   * @default '127.0.0.1'
   */
  readonly host?: string
}

/** A thread that watches the event loop. */
export interface LivenessOptions {
  /** Needs the option `probes`: the thread needs a port of its own. */
  readonly thread: boolean
  /**
   * For how long the event loop may not turn before `/livez` says 503 with the time.
   * @default '10s'
   */
  readonly stuckAfter?: Duration
}

/** Reads the option `probes`. */
export const probesSchema: z.ZodType<ProbeAddress> = z.strictObject({
  port: z.int().min(0).max(65_535),
  host: z.string().min(1).default('127.0.0.1'),
})

/** Reads the option `details`. */
export const detailsSchema: z.ZodType<ProbeDetails> = z.custom<ProbeDetails>(
  (value) => value === 'always' || value === 'never' || typeof value === 'function',
  { error: "use 'always', 'never' or a function of the request that gives back a boolean" },
)

/** Reads the option `registry`. */
export const registrySchema: z.ZodType<MetricsRegistry> = z.custom<MetricsRegistry>(isRegistry, {
  error: 'pass a Registry of prom-client',
})

/** The checked option `liveness`. */
export interface LivenessSettings {
  readonly thread: boolean
  readonly stuckAfter: number
}

/** Reads the option `liveness`; `duration` is the schema of all durations. */
export function livenessSchema(duration: z.ZodType<number, Duration>): z.ZodType<LivenessSettings> {
  const least = { error: "use 100 ms or more, such as '10s'" }
  return z.strictObject({
    thread: z.boolean(),
    stuckAfter: duration.refine((ms) => ms >= 100, least).default(10_000),
  })
}

/**
 * After how long the thread calls the loop stuck; `undefined` without a thread.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_OPTION_INVALID`
 */
export function readThread(
  liveness: LivenessSettings | undefined,
  probes: ProbeAddress | undefined,
): number | undefined {
  if (liveness?.thread !== true) return undefined
  if (probes !== undefined) return liveness.stuckAfter
  throw refuse('CHANGEOVER_LIFECYCLE_OPTION_INVALID', {
    caller: 'createLifecycle',
    problems:
      '  liveness.thread: got true; but there is no option probes, and a thread cannot answer on the port of a server whose ' +
      'loop is stuck. Give the probes a port of their own: probes: { port: 9000 }.',
  })
}

function isRegistry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ['getSingleMetric', 'registerMetric', 'metrics'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  )
}
