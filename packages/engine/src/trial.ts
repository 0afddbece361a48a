import type { Indicator, Samples } from './metrics.ts'
import type { IndicatorLook } from './look-channel.ts'
import type { Verdict } from './verdict.ts'

/** What was answered about each side, at one look. */
export interface Look {
  readonly candidate: Samples
  /** Undefined where the criterion needs no baseline. */
  readonly baseline: Samples | undefined
  /** Whether it is the last one, at the deadline. */
  readonly final: boolean
}

/** Where a trial stands after a look, with the counts and the evidence that its verdict comes from. */
export type Standing = Verdict & Pick<IndicatorLook, 'baseline' | 'candidate' | 'towards'>

/** One indicator under judgement: takes looks, and says after each where it stands. No clock, no port. */
export interface Trial {
  readonly asks: Indicator
  readonly needsBaseline: boolean
  /** Whether only the last look counts, so that the others need not be taken. */
  readonly finalOnly: boolean
  readonly look: (look: Look) => Standing
}
