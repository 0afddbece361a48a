import type { HookReport } from './hooks.ts'

/**
 * `forced` outweighs the others: it says that somebody got no answer. `crashed` outweighs `hook-failed`: nobody knows what an
 * uncaught exception left undone.
 */
export type ShutdownOutcome = 'clean' | 'forced' | 'crashed' | 'hook-failed'

/** 0 clean, 70 forced at the deadline, 71 a hook failed, 72 an uncaught exception during the drain. */
export type ShutdownExitCode = 0 | 70 | 71 | 72

/** Of a process that did not wait for its requests. */
export const forcedExitCode = 70

/** What a shutdown did. */
export interface ShutdownReport {
  /** A signal's name, or what `shutdown` was called with. */
  readonly reason: string
  readonly outcome: ShutdownOutcome
  readonly exitCode: ShutdownExitCode
  /** From the start of the drain to the end of the last hook. */
  readonly durationMs: number
  /**
   * Requests answered during the drain, their last byte handed to the system, event streams among them; and WebSockets and
   * upgraded connections that acknowledged their end.
   */
  readonly completed: number
  /**
   * Connections that were cut with a request, an unsent answer or an upgraded protocol on them; of HTTP/2, streams. At the
   * deadline, or `unresponsive` ones before it.
   */
  readonly forced: number
  /**
   * How many of the forced ones are WebSockets and upgraded connections that were told of the end, had a second to answer, and
   * did not: peers that are most likely gone. They were given their due, so they alone leave the outcome `clean`.
   */
  readonly unresponsive: number
  /** Requests that came after the connection's last answer and were not executed. */
  readonly refused: number
  /** Tracked work that ended during the drain, and names of what was left behind at the deadline. */
  readonly work: { readonly completed: number; readonly abandoned: readonly string[] }
  /** Exceptions during the drain that nobody caught; only watched for in a drain that a signal started and that exits. */
  readonly uncaught: number
  /** Every hook that ran, in order of its phase. */
  readonly hooks: readonly HookReport[]
}

/** What the verdict rests on. */
export type ShutdownFacts = Pick<
  ShutdownReport,
  'forced' | 'unresponsive' | 'work' | 'uncaught' | 'hooks'
>

/** How a shutdown went. Pure. */
export function judgeShutdown(facts: ShutdownFacts): Pick<ShutdownReport, 'outcome' | 'exitCode'> {
  if (facts.forced > facts.unresponsive || facts.work.abandoned.length > 0)
    return { outcome: 'forced', exitCode: forcedExitCode }
  if (facts.uncaught > 0) return { outcome: 'crashed', exitCode: 72 }
  if (facts.hooks.some(({ outcome }) => outcome !== 'done')) {
    return { outcome: 'hook-failed', exitCode: 71 }
  }
  return { outcome: 'clean', exitCode: 0 }
}
