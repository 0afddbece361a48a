/** How often and how long a step that does not get its locks is tried. */
export interface RetryPolicy {
  /** Tries, the first one included. */
  readonly attempts: number
  /** From the first try to the beginning of the last. */
  readonly deadlineMs: number
  /** Pause after the first try; it doubles each time. */
  readonly pauseMs: number
  readonly longestPauseMs: number
}

/** What has happened so far. */
export interface Tried {
  /** From 1. */
  readonly attempt: number
  readonly elapsedMs: number
  /** From 0 to just below 1. */
  readonly random: number
}

/** SQLSTATEs after which the same step may pass: a lock not available, a deadlock. */
const PASSING: ReadonlySet<string | undefined> = new Set(['55P03', '40P01'])

/** Whether what the server answered says no more than that somebody else was in the way. */
export function isPassing(state: string | undefined): boolean {
  return PASSING.has(state)
}

/**
 * How long to pause before the next try, half of it by chance so that two do not meet again; undefined where there is none.
 * In the pause those who queued behind the step get through. Pure.
 */
export function nextPause(
  policy: RetryPolicy,
  { attempt, elapsedMs, random }: Tried,
): number | undefined {
  if (attempt >= policy.attempts) return undefined
  const fullMs = Math.min(policy.pauseMs * 2 ** (attempt - 1), policy.longestPauseMs)
  const pauseMs = Math.round(fullMs * (0.5 + random / 2))
  return elapsedMs + pauseMs <= policy.deadlineMs ? pauseMs : undefined
}
