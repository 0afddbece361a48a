/** Compares bad requests with those of the concurrent baseline; see `compareRates`. */
export interface CompareRatesCriterion {
  readonly kind: 'compare-rates'
  readonly alpha: number
  readonly beta: number
  readonly tolerance: number
  readonly ratioMax: number
  /** Requests slower than this count as bad, in milliseconds; without it failed ones do. */
  readonly overMs?: number
  /** Requests of the candidate without which no verdict is given. @default 0 */
  readonly minRequests?: number
}

/** Bounds the candidate's own rate of bad requests, without a baseline; see `boundRate`. */
export interface BoundRateCriterion {
  readonly kind: 'bound-rate'
  readonly limit: number
  readonly confidence: number
  /** Requests slower than this count as bad, in milliseconds; without it failed ones do. */
  readonly overMs?: number
  /** Requests of the candidate without which no verdict is given. @default 0 */
  readonly minRequests?: number
}

/** Compares a gauge of the candidate with the baseline's by ranks, once, at the deadline; see `compareSamples`. */
export interface CompareSamplesCriterion {
  readonly kind: 'compare-samples'
  /** Probability of failing a release that is no worse. */
  readonly alpha: number
  /** By how much the candidate may be higher, as a share of the baseline's median; a smaller shift never fails. */
  readonly tolerance: number
}

/** Bounds of one kind of evidence that a `judge` step asks for, as data. */
export type Criterion = CompareRatesCriterion | BoundRateCriterion | CompareSamplesCriterion
