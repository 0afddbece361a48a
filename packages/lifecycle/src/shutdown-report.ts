import type { HookReport } from './hooks.ts'

/** `forced` outweighs `hook-failed`: it says that somebody got no answer. */
export type ShutdownOutcome = 'clean' | 'forced' | 'hook-failed'

/** 0 clean, 70 forced at the deadline, 71 a hook failed. */
export type ShutdownExitCode = 0 | 70 | 71

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
  /** Requests answered during the drain, their last byte handed to the system. */
  readonly completed: number
  /** Connections cut at the deadline with a request, an unsent answer or an upgraded protocol on them. */
  readonly forced: number
  /** Requests that came after the connection's last answer and were not executed. */
  readonly refused: number
  /** Tracked work that ended during the drain, and names of what was left behind at the deadline. */
  readonly work: { readonly completed: number; readonly abandoned: readonly string[] }
  /** Every hook that ran, in order of its phase. */
  readonly hooks: readonly HookReport[]
}

/** What the verdict rests on. */
export type ShutdownFacts = Pick<ShutdownReport, 'forced' | 'work' | 'hooks'>

/** How a shutdown went. Pure. */
export function judgeShutdown(facts: ShutdownFacts): Pick<ShutdownReport, 'outcome' | 'exitCode'> {
  if (facts.forced > 0 || facts.work.abandoned.length > 0)
    return { outcome: 'forced', exitCode: forcedExitCode }
  if (facts.hooks.some(({ outcome }) => outcome !== 'done')) {
    return { outcome: 'hook-failed', exitCode: 71 }
  }
  return { outcome: 'clean', exitCode: 0 }
}
