import { constants } from 'node:os'

import { z } from 'zod'

import { parseDuration } from './duration.ts'
import type { Duration } from './duration.ts'
import { LifecycleError } from './lifecycle-error.ts'
import { silentLogger } from './logger.ts'
import type { Logger } from './logger.ts'

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
}

/** Checked options, defaults filled in, durations in milliseconds. */
export interface LifecycleSettings {
  readonly name: string | undefined
  readonly version: string | undefined
  readonly noticeMs: number
  readonly quietMs: number
  readonly deadlineMs: number
  readonly signals: readonly NodeJS.Signals[]
  readonly secondSignal: SecondSignal
  readonly exit: boolean
  readonly logger: Logger
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
      deadline: duration.default(25_000),
    })
    .prefault({}),
  signals: z.array(signal).default(['SIGTERM', 'SIGINT']),
  secondSignal: z.enum(['ignore', 'hasten', 'exit']).default('ignore'),
  exit: z.boolean().default(true),
  logger: logger.default(silentLogger),
})

/**
 * Checks options once, before anything starts.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_OPTION_INVALID`, `CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT`
 */
export function readOptions(options: LifecycleOptions): LifecycleSettings {
  const parsed = optionsSchema.safeParse(options)
  if (!parsed.success) throw invalidOption(parsed.error, options)
  const { drain, signals, name, version, ...rest } = parsed.data
  refuseShortDeadline(drain)
  return {
    ...rest,
    name,
    version,
    signals: [...new Set(signals)],
    noticeMs: drain.notice,
    quietMs: drain.quiet,
    deadlineMs: drain.deadline,
  }
}

function refuseShortDeadline(drain: { notice: number; quiet: number; deadline: number }): void {
  const least = drain.notice + drain.quiet
  if (drain.deadline >= least) return
  throw new LifecycleError(
    'CHANGEOVER_LIFECYCLE_DEADLINE_TOO_SHORT',
    `drain.deadline is ${drain.deadline} ms, less than drain.notice (${drain.notice} ms) + drain.quiet (${drain.quiet} ms): ` +
      'requests would be cut before the server has stopped accepting them. ' +
      `Raise drain.deadline to ${least} ms or more, or lower drain.notice.`,
  )
}

function invalidOption(error: z.ZodError, options: unknown): LifecycleError {
  const lines = error.issues.map((issue) => `  ${describeIssue(issue, options)}`)
  return new LifecycleError(
    'CHANGEOVER_LIFECYCLE_OPTION_INVALID',
    'createLifecycle refuses its options, since a mistake here would only show at the first SIGTERM in production:\n' +
      lines.join('\n'),
    { cause: error },
  )
}

function describeIssue(issue: z.core.$ZodIssue, options: unknown): string {
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => [...path, key].join('.'))
    return `${keys.join(', ')}: unknown option; remove it or correct its spelling`
  }
  const field = path.length === 0 ? 'options' : path.join('.')
  return `${field}: got ${show(valueAt(options, issue.path))}; ${issue.message}`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  )
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
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
