/** What a check says: `pending` until it has said something often enough. */
export type CheckStatus = 'pending' | 'pass' | 'fail'

/** How one run of a check ended. */
export interface CheckResult {
  readonly ok: boolean
  /** When it ended, in milliseconds since 1970. */
  readonly at: number
  readonly durationMs: number
  /** What the check observed, where its function gave back a number or text. */
  readonly value?: number | string | undefined
  /** Why it failed. */
  readonly problem?: string | undefined
}

/** How many results in a row turn a check. */
export interface CheckRules {
  readonly failAfter: number
  readonly passAfter: number
}

/** One check as of now. */
export interface CheckState {
  readonly status: CheckStatus
  /** Equal results in a row up to now. */
  readonly streak: number
  readonly last?: CheckResult | undefined
}

/** Nothing is known yet. */
export const unknownCheck: CheckState = { status: 'pending', streak: 0 }

/**
 * The state after one more result. Pure. A check turns only when `failAfter` failures or `passAfter` passes came in a row, so
 * that a single bad answer does not take the process out of service.
 */
export function stepCheck(state: CheckState, result: CheckResult, rules: CheckRules): CheckState {
  const streak = state.last?.ok === result.ok ? state.streak + 1 : 1
  const needed = result.ok ? rules.passAfter : rules.failAfter
  const status = streak >= needed ? verdictOf(result) : state.status
  return { status, streak, last: result }
}

function verdictOf({ ok }: CheckResult): CheckStatus {
  return ok ? 'pass' : 'fail'
}
