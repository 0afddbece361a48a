import { constants } from 'node:os'

import { z } from 'zod'

import { checksSchema } from './check-options.ts'
import type { CheckOptions, CheckSettings } from './check-options.ts'
import { parseDuration } from './duration.ts'
import type { Duration } from './duration.ts'
import { refuse } from './lifecycle-error.ts'
import { silentLogger } from './logger.ts'
import type { Logger } from './logger.ts'
import type { MetricsRegistry } from './metrics.ts'
import { readNotice } from './notice.ts'
import { invalidOption } from './option-error.ts'
import {
  detailsSchema,
  livenessSchema,
  probesSchema,
  readThread,
  registrySchema,
} from './probe-options.ts'
import type { LivenessOptions, ProbesOptions } from './probe-options.ts'
import type { ProbeDetails } from './probes.ts'

/** What a further signal does while the first one is being obeyed. */
export type SecondSignal = 'ignore' | 'hasten' | 'exit'

/** How long each part of a drain may take. */
export interface DrainOptions {
  /**
   * How long the server keeps accepting after readiness went red, so that balancers notice. Choose their detection time plus
   * one second; 0 is allowed.
   * @default '5s'
   */
  readonly notice?: Duration
  /**
   * How long a connection must have been idle, once the listener is closed, before it is closed. At least one round trip.
   * @default '100ms'
   */
  readonly quiet?: Duration
  /**
   * Over how long, once the listener is closed, WebSockets, upgraded connections and event streams are ended, so that their
   * clients do not all come back at once. Time for their answers comes on top of it.
   * @default '1s', or half of what `notice` leaves of `deadline` where that is less
   */
  readonly streams?: Duration
  /**
   * When whatever still runs is cut, counted from the start of the drain. Keep it below the time after which the process is
   * killed from outside (Kubernetes: 30 s).
   * @default '25s'
   */
  readonly deadline?: Duration
}

/** Options of `createLifecycle`. */
export interface LifecycleOptions {
  /** The service, as probes and logs name it. */
  readonly name?: string
  /** The release, as probes and logs name it. */
  readonly version?: string
  /** How long the parts of a drain may take. */
  readonly drain?: DrainOptions
  /**
   * Signals that start the drain; `[]` for none, for instance in a second lifecycle of one process.
   * @default ['SIGTERM', 'SIGINT']
   */
  readonly signals?: readonly NodeJS.Signals[]
  /**
   * A further signal during the drain: `ignore` it; `hasten`, which ends the notice at once and brings the deadline to at most
   * 3 s from now; or `exit` at once with code 70.
   * @default 'ignore'
   */
  readonly secondSignal?: SecondSignal
  /**
   * Whether the process exits, with the code of the report, after a drain that a signal started. `shutdown()` never exits.
   * @default true
   */
  readonly exit?: boolean
  /**
   * A pino logger; gets one line per phase.
   * @default silent
   */
  readonly logger?: Logger
  /**
   * What the process asks itself in the background, by name; see {@link CheckOptions}.
   * @default none
   */
  readonly checks?: Readonly<Record<string, CheckOptions>>
  /**
   * Who sees the checks and their errors in the answers of probes: errors tell of addresses and versions that strangers need not
   * know. `never` shows the status alone. A function decides for each request; one that throws decides no.
   * @default 'never'
   */
  readonly details?: ProbeDetails
  /**
   * A listener for probes and metrics alone, which stays up during the drain.
   * @default none; mount `lifecycle.handler`
   */
  readonly probes?: ProbesOptions
  /**
   * Answers the probes of `probes` from a thread of its own, so that a stuck event loop is told of and not just silent.
   * @default no thread
   */
  readonly liveness?: LivenessOptions
  /**
   * A registry of prom-client. Gets the metrics of this package; `lifecycle.handler` then answers `/metrics` too.
   * @default no metrics
   */
  readonly registry?: MetricsRegistry
}

/** Checked options, defaults filled in, durations in milliseconds. */
export interface LifecycleSettings {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly noticeMs: number
  readonly quietMs: number
  readonly streamsMs: number
  readonly deadlineMs: number
  readonly signals: readonly NodeJS.Signals[]
  readonly secondSignal: SecondSignal
  readonly exit: boolean
  readonly logger: Logger
  readonly checks: readonly CheckSettings[]
  readonly details: ProbeDetails
  readonly probes: { readonly host: string; readonly port: number } | undefined
  readonly stuckAfterMs: number | undefined
  readonly registry: MetricsRegistry | undefined
}

const uncatchable = new Set(['SIGKILL', 'SIGSTOP'])
const durationHint = "use milliseconds or text such as '30s', from 0 to 24 days"

const duration = z
  .union([z.number(), z.string()], { error: durationHint })
  .transform((value, context) => {
    const parsed = parseDuration(value)
    if (parsed === undefined) context.addIssue({ code: 'custom', message: durationHint })
    return parsed ?? 0
  })

const logger = z.custom<Logger>(isLogger, {
  error: 'pass a pino logger, or an object with debug, info, warn and error',
})

const signal = z.custom<NodeJS.Signals>(isSignal, {
  error: "use names of signals that a process can catch, such as 'SIGTERM'",
})

const optionsSchema = z.strictObject({
  name: z.string().min(1).optional(),
  version: z.string().min(1).optional(),
  drain: z
    .strictObject({
      notice: duration.default(5_000),
      quiet: duration.default(100),
      streams: duration.optional(),
      deadline: duration.default(25_000),
    })
    .prefault({}),
  signals: z.array(signal).default(['SIGTERM', 'SIGINT']),
  secondSignal: z.enum(['ignore', 'hasten', 'exit']).default('ignore'),
  exit: z.boolean().default(true),
  logger: logger.default(silentLogger),
  checks: checksSchema(duration).default([]),
  details: detailsSchema.default('never'),
  probes: probesSchema.optional(),
  liveness: livenessSchema(duration).optional(),
  registry: registrySchema.optional(),
})

/**
 * Checks options once, before anything starts.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_OPTION_INVALID`, `CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT`
 */
export function readOptions(options: LifecycleOptions): LifecycleSettings {
  const parsed = optionsSchema.safeParse(options)
  if (!parsed.success) throw invalidOption('createLifecycle', parsed.error, options)
  const { drain, signals, name, version, liveness, probes, registry, ...rest } = parsed.data
  refuseShortDeadline(drain)
  return {
    ...rest,
    name,
    version,
    signals: [...new Set(signals)],
    probes,
    registry,
    stuckAfterMs: readThread(liveness, probes),
    noticeMs: readNotice(drain.notice, process.env, rest.logger),
    quietMs: drain.quiet,
    streamsMs: drain.streams ?? Math.min(1_000, (drain.deadline - drain.notice) / 2),
    deadlineMs: drain.deadline,
  }
}

function refuseShortDeadline(drain: {
  notice: number
  quiet: number
  streams?: number | undefined
  deadline: number
}): void {
  const { notice, quiet, streams = 0, deadline } = drain
  const least = notice + Math.max(quiet, streams)
  if (deadline >= least) return
  const details = { notice, quiet, streams, deadline, least }
  throw refuse('CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT', details)
}

function isSignal(value: unknown): boolean {
  return typeof value === 'string' && value in constants.signals && !uncatchable.has(value)
}

function isLogger(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ['debug', 'info', 'warn', 'error'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  )
}
