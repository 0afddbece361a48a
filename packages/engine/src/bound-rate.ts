import { z } from 'zod'
import { atLeast, atMost } from './binomial-tail.ts'
import { checkOptions } from './check-options.ts'
import type { BoundRateCriterion } from './criterion.ts'
import { type Duration, toMs } from './duration.ts'
import { clopperPearson, wilson } from './rate-interval.ts'
import type { VerdictOutcome } from './verdict.ts'

export interface BoundRateCounts {
  readonly bad: number
  readonly total: number
  /** Rate of bad requests that must not be exceeded, between 0 and 1. */
  readonly limit: number
  /** @default 0.95 */
  readonly confidence?: number
  /** How the interval is made; the verdict is always exact. @default 'exact' (Clopper & Pearson) */
  readonly method?: 'exact' | 'wilson'
}

export interface RateBound {
  readonly verdict: VerdictOutcome
  /** Upper end of `interval`. */
  readonly upper: number
  /** Two-sided interval of the rate at `confidence`. */
  readonly interval: readonly [low: number, high: number]
}

/** Bounds for an indicator that is judged without a baseline. */
export interface RateBoundLimits {
  /** Rate of bad requests that must not be exceeded, between 0 and 1. */
  readonly limit: number
  /** @default 0.95 */
  readonly confidence?: number
  /** Requests slower than this are the bad ones. @default failed requests are */
  readonly over?: Duration
  /** Requests without which no verdict is given. @default 0 */
  readonly minRequests?: number
}

const probability = z.number().gt(0).lt(1)
/** No number at all is no data here, not a mistake: counts come from outside. */
const count = z.custom<number>((value) => typeof value === 'number', 'it is no number')
const countsSchema = z.strictObject({
  bad: count,
  total: count,
  limit: probability,
  confidence: probability.optional(),
  method: z.enum(['exact', 'wilson']).optional(),
})
const limitsSchema = z.strictObject({
  limit: probability,
  confidence: probability.optional(),
  over: z.union([z.number(), z.string()]).optional(),
  minRequests: z.number().int().min(0).optional(),
})
const remedies = {
  limit: 'Give a rate between 0 and 1, such as 0.01.',
  confidence: 'Give a probability between 0 and 1, such as 0.95.',
  method: "Give 'exact' or 'wilson'.",
  minRequests: 'Give a whole number of requests, such as 300.',
}

/**
 * Bounds a rate of bad requests without a baseline.
 *
 * The verdict is the exact one-sided test at `1 - confidence`: pass where a rate at the limit would have shown so few bad
 * requests with at most that probability (0 bad pass a limit of 1 % from 299 requests on), fail where it would have shown
 * so many, else inconclusive. The interval is two-sided, so `upper` may lie a little above the limit at a pass. Counts
 * that are no numbers, or more bad requests than requests, are no data.
 *
 * Given a limit without counts it returns a criterion for a judge. A fixed test must be looked at once, so the judge passes
 * at its deadline only; it fails at any look, by an e-process that keeps false alarms below `1 - confidence` over all.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * boundRate({ bad: 0, total: 300, limit: 0.01 }) // { verdict: 'pass', upper: 0.0122, interval: [0, 0.0122] }
 * boundRate({ limit: 0.01 }) // a criterion: judge({ errors: boundRate({ limit: 0.01 }) })
 * ```
 */
export function boundRate(counts: BoundRateCounts): RateBound
export function boundRate(limits: RateBoundLimits): BoundRateCriterion
export function boundRate(
  options: BoundRateCounts | RateBoundLimits,
): RateBound | BoundRateCriterion {
  if ('bad' in options || 'total' in options)
    return bound(checkOptions(countsSchema, options, 'boundRate', { remedies }))
  const checked = checkOptions(limitsSchema, options, 'boundRate', { remedies })
  const { limit, confidence = 0.95, over, minRequests } = checked
  return {
    kind: 'bound-rate',
    limit,
    confidence,
    ...(over === undefined ? {} : { overMs: toMs(over, 'boundRate.over') }),
    ...(minRequests === undefined ? {} : { minRequests }),
  }
}

function bound(counts: z.infer<typeof countsSchema>): RateBound {
  const { bad, total, limit, confidence = 0.95, method = 'exact' } = counts
  const sound = Number.isFinite(total) && total > 0 && bad >= 0 && bad <= total
  if (!sound) return { verdict: 'inconclusive', upper: 1, interval: [0, 1] }
  const risk = 1 - confidence
  const interval = (method === 'exact' ? clopperPearson : wilson)({ bad, total, confidence })
  const passed = atMost(bad, total, limit) <= risk
  const failed = atLeast(bad, total, limit) <= risk
  const verdict = passed ? 'pass' : failed ? 'fail' : 'inconclusive'
  return { verdict, upper: interval[1], interval }
}
