import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import type { CompareSamplesCriterion } from './criterion.ts'
import {
  countWins,
  EXACT_UP_TO,
  exactP,
  intervalRank,
  leastP,
  normalP,
  pairDifference,
  type SortedSamples,
  tieSizes,
} from './rank-test.ts'

export interface CompareSamplesOptions {
  /** Of the interval. @default 0.95 */
  readonly confidence?: number
  /** @default 'exact' for up to 20 values on each side without ties, else 'normal' */
  readonly method?: 'exact' | 'normal'
}

/** How two samples differ, by the ranks of their values. */
export interface SampleComparison {
  /** In how many pairs of values the candidate's is the higher one; ties count half. */
  readonly u: number
  /** Two-sided probability of a difference at least as large between samples of one distribution. */
  readonly p: number
  /** Whether `p` was counted out, or comes from the normal distribution corrected for ties and continuity. */
  readonly method: 'exact' | 'normal'
  /** By how much the candidate is higher: the median of all pairwise differences (Hodges & Lehmann 1963). */
  readonly shift: number
  /** Bounds of the shift; both infinite where there are too few values for that confidence. */
  readonly interval: readonly [low: number, high: number]
}

/** Bounds for a gauge that is judged by {@link compareSamples}. */
export interface SampleLimits {
  /** Probability of failing a release that is no worse; 0.01 needs at least 5 values on each side. @default 0.01 */
  readonly alpha?: number
  /** By how much the candidate may be higher, as a share of the baseline's median. @default 0.25 */
  readonly tolerance?: number
}

const probability = z.number().gt(0).lt(1).optional()
const optionsSchema = z.strictObject({
  confidence: probability,
  method: z.enum(['exact', 'normal']).optional(),
})
const limitsSchema = z.strictObject({ alpha: probability, tolerance: z.number().min(0).optional() })
const REMEDIES = {
  confidence: 'Give a probability between 0 and 1, such as 0.95.',
  alpha: 'Give a probability between 0 and 1, such as 0.01.',
  tolerance: 'Give a share of 0 or more, such as 0.25.',
  method: "Leave it out, or give 'exact' or 'normal'.",
}

/**
 * Compares a gauge of the candidate (memory, queue length) with the baseline's by a rank test of Mann and Whitney, which
 * asks nothing of the distribution. It is meant to be looked at once: asked again and again, it would cry wolf.
 *
 * Given options alone it returns a criterion for a judge, which asks once, at the deadline: fail where the candidate is
 * higher by chance with at most `alpha`, and by more than `tolerance` allows; pass where the interval of the shift ends
 * within the tolerance; else inconclusive. Values close in time resemble each other: sample rarely rather than often.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, for samples that are empty or hold no finite numbers too
 * @example
 * ```ts
 * compareSamples([5.1, 4.9, 6.2, 5.7, 6.0], [4.1, 4.5, 4.3, 5.0, 4.4]) // { u: 24, p: 0.0159, method: 'exact', ... }
 * compareSamples({ tolerance: 0.1 }) // a criterion: judge({ memory: compareSamples({ tolerance: 0.1 }) })
 * ```
 */
export function compareSamples(
  candidate: readonly number[],
  baseline: readonly number[],
  options?: CompareSamplesOptions,
): SampleComparison
export function compareSamples(limits?: SampleLimits): CompareSamplesCriterion
export function compareSamples(
  first: readonly number[] | SampleLimits = {},
  baseline?: readonly number[],
  options: CompareSamplesOptions = {},
): SampleComparison | CompareSamplesCriterion {
  if (!isList(first) && baseline === undefined) return criterion(first)
  const sorted = { candidate: sort(first, 'candidate'), baseline: sort(baseline, 'baseline') }
  return compare(
    sorted,
    checkOptions(optionsSchema, options, 'compareSamples', { remedies: REMEDIES }),
  )
}

function isList(value: readonly number[] | SampleLimits): value is readonly number[] {
  return Array.isArray(value)
}

function criterion(limits: SampleLimits): CompareSamplesCriterion {
  const checked = checkOptions(limitsSchema, limits, 'compareSamples', { remedies: REMEDIES })
  const { alpha = 0.01, tolerance = 0.25 } = checked
  return { kind: 'compare-samples', alpha, tolerance }
}

function sort(values: unknown, side: string): readonly number[] {
  const field = `compareSamples.${side}`
  const remedy = 'Give a list of finite numbers.'
  const bad = (value: unknown, problem: string): Error =>
    refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
  if (!Array.isArray(values) || values.length === 0)
    throw bad(values ?? 'nothing', 'it has no values')
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) throw bad(values[at], `its value ${at} is no finite number`)
  return (values as readonly number[]).toSorted((a, b) => a - b)
}

function compare(sorted: SortedSamples, options: z.infer<typeof optionsSchema>): SampleComparison {
  const [n, m] = [sorted.candidate.length, sorted.baseline.length]
  const ties = tieSizes(sorted)
  const countable = ties.length === 0 && n <= EXACT_UP_TO && m <= EXACT_UP_TO
  const { confidence = 0.95, method = countable ? 'exact' : 'normal' } = options
  if (method === 'exact' && !countable) throw uncountable(n, m)
  const u = countWins(sorted)
  const p = method === 'exact' ? exactP(u, n, m) : normalP(u, { n, m, ties })
  return { u, p, method, shift: shiftOf(sorted), interval: intervalOf(sorted, confidence) }
}

function shiftOf(sorted: SortedSamples): number {
  const pairs = sorted.candidate.length * sorted.baseline.length
  const [low, high] = [Math.floor((pairs + 1) / 2), Math.ceil((pairs + 1) / 2)]
  const lower = pairDifference(sorted, low)
  return low === high ? lower : lower / 2 + pairDifference(sorted, high) / 2
}

function intervalOf(sorted: SortedSamples, confidence: number): readonly [number, number] {
  const [n, m] = [sorted.candidate.length, sorted.baseline.length]
  const rank = intervalRank(n, m, confidence)
  if (rank === 0) return [-Infinity, Infinity]
  return [pairDifference(sorted, rank), pairDifference(sorted, n * m - rank + 1)]
}

function uncountable(n: number, m: number): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'compareSamples.method',
    value: 'exact',
    problem: `there are ties, or more than ${EXACT_UP_TO} values on a side (${n} and ${m})`,
    remedy: REMEDIES.method,
  })
}

/**
 * How many values each side needs before a difference can be told at all at this `alpha`.
 *
 * @example
 * ```ts
 * samplesNeeded(0.01) // 5
 * ```
 */
export function samplesNeeded(alpha: number): number {
  let values = 1
  while (leastP(values, values) > alpha) values += 1
  return values
}
