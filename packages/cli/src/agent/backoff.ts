/** How often something failed in a row, and when it is tried again. */
export interface Backoff {
  readonly failures: number
  /** Not before; 0 for at once. */
  readonly notBefore: number
  readonly lastAt: number
}

const FIRST_MS = 1_000
const LONGEST_MS = 300_000
/** After so long without a failure, one counts as the first again: as long as the longest wait, so that a slow circle stays one. */
const FORGOTTEN_AFTER_MS = 600_000

export const NO_FAILURE: Backoff = { failures: 0, notBefore: 0, lastAt: 0 }

/** After one more try that may not have helped: each further wait is twice as long, up to five minutes. Pure. */
export function afterTry(before: Backoff, now: number): Backoff {
  const fresh = now - before.lastAt > FORGOTTEN_AFTER_MS
  const failures = fresh ? 1 : before.failures + 1
  const waitMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return { failures, notBefore: now + waitMs, lastAt: now }
}

/** Whether it may be tried again. Pure. */
export function isDue(backoff: Backoff, now: number): boolean {
  return now >= backoff.notBefore
}
