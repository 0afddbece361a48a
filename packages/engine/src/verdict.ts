/** Pass, fail, or inconclusive; inconclusive never promotes. */
export type VerdictOutcome = 'pass' | 'fail' | 'inconclusive'

/** A judgement, always with what it rests on. */
export interface Verdict {
  readonly verdict: VerdictOutcome
  /** How much was seen: requests for a judge, answers for a person or a hook. 0 can never be a pass. */
  readonly evidence: number
  /** One line for people. */
  readonly reason: string
}
