import { z } from 'zod'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import type { CompareRatesCriterion } from './criterion.ts'
import { type Duration, toMs } from './duration.ts'
import type { VerdictOutcome } from './verdict.ts'

export interface RateLimits {
  /** Probability of failing a release that is no worse, over any number of looks. @default 0.01 */
  readonly alpha?: number
  /** Probability of passing a release whose rate is `ratioMax` times the baseline's. @default 0.05 */
  readonly beta?: number
  /** Ratio of bad rates up to which the candidate counts as no worse. @default 1 */
  readonly tolerance?: number
  /** Ratio of bad rates that must not pass. @default 2, or `tolerance` where that is higher */
  readonly ratioMax?: number
  /** Requests slower than this are the bad ones. @default failed requests are */
  readonly over?: Duration
  /** Requests of the candidate without which no verdict is given. @default 0 */
  readonly minRequests?: number
}

/** What each side did since the last look. */
export interface RateSample {
  readonly candidate: Counts
  readonly baseline: Counts
}

export interface Counts {
  readonly bad: number
  readonly total: number
}

/** How far the evidence went, at this look. */
export interface RateVerdict {
  readonly verdict: VerdictOutcome
  /** e-value against "no worse than `tolerance`"; fails at `1 / alpha`. */
  readonly failEvidence: number
  /** e-value against "at least `ratioMax` times worse"; passes at `1 / beta`. */
  readonly passEvidence: number
  /** Requests seen, both sides. */
  readonly seen: number
}

/** Bounds as data, for a plan, and a judge that looks at samples as they come. */
export interface RateJudge extends CompareRatesCriterion {
  /** Takes one more look. Samples in any order give the same evidence. */
  readonly add: (sample: RateSample) => RateVerdict
}

const probability = z.number().gt(0).lt(1).optional()
const limitsSchema = z.strictObject({
  alpha: probability,
  beta: probability,
  tolerance: z.number().positive().optional(),
  ratioMax: z.number().gt(1).optional(),
  over: z.union([z.number(), z.string()]).optional(),
  minRequests: z.number().int().min(0).optional(),
})

const REMEDIES = {
  alpha: 'Give a probability between 0 and 1, such as 0.01.',
  beta: 'Give a probability between 0 and 1, such as 0.05.',
  tolerance: 'Give a ratio above 0, such as 1.25.',
  ratioMax: 'Give a ratio above 1, such as 2.',
  over: "Give a duration such as '300ms'.",
  minRequests: 'Give a whole number of requests, such as 500.',
}

/** Ratios that the failing alternative is spread over. */
const GRID = [1.5, 2, 3, 5, 10]

/**
 * Compares the candidate's rate of bad requests with the concurrent baseline's: fail, pass, or inconclusive.
 *
 * The verdict may be looked at after every sample, as often as wanted: both evidences are e-processes, products of
 * likelihood ratios of a bad event being the candidate's (Ville's inequality; Lindon & Malek 2022, arXiv 2011.03567),
 * so alpha and beta hold over all looks together. Samples without events on a side leave the evidence where it was.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const judge = compareRates({ tolerance: 1.25 })
 * judge.add({ candidate: { bad: 3, total: 100 }, baseline: { bad: 2, total: 900 } }).verdict
 * compareRates({ over: '300ms' }) // bad is what took longer
 * ```
 */
export function compareRates(limits: RateLimits = {}): RateJudge {
  const checked = checkOptions(limitsSchema, limits, 'compareRates', { remedies: REMEDIES })
  const { alpha = 0.01, beta = 0.05, tolerance = 1, over, minRequests } = checked
  const { ratioMax = Math.max(2, tolerance) } = checked
  if (ratioMax < tolerance) throw contradiction(ratioMax, tolerance)
  return rateJudge({
    kind: 'compare-rates',
    alpha,
    beta,
    tolerance,
    ratioMax,
    ...(over === undefined ? {} : { overMs: toMs(over, 'compareRates.over') }),
    ...(minRequests === undefined ? {} : { minRequests }),
  })
}

function contradiction(ratioMax: number, tolerance: number): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'compareRates.ratioMax',
    value: ratioMax,
    problem: `it is below the tolerance of ${tolerance}, so what is tolerated must not pass`,
    remedy: 'Give a ratio above the tolerance.',
  })
}

/** The judge of bounds that were checked when the plan was made. */
export function rateJudge(criterion: CompareRatesCriterion): RateJudge {
  const { alpha, beta, tolerance, ratioMax, minRequests = 0 } = criterion
  const worse = evidenceFor(
    GRID.map((ratio) => ratio * tolerance),
    tolerance,
  )
  const good = evidenceFor([1], ratioMax)
  let seen = 0
  let candidateSeen = 0

  function add({ candidate, baseline }: RateSample): RateVerdict {
    if (!isSound(candidate) || !isSound(baseline)) return conclude()
    seen += candidate.total + baseline.total
    candidateSeen += candidate.total
    const bad = candidate.bad + baseline.bad
    if (bad > 0 && candidate.total > 0 && baseline.total > 0) {
      weigh(worse, candidate, baseline)
      weigh(good, candidate, baseline)
    }
    return conclude()
  }

  function conclude(): RateVerdict {
    const failEvidence = meanExp(worse.logs)
    const passEvidence = meanExp(good.logs)
    const enough = candidateSeen >= minRequests
    const failed = enough && failEvidence >= 1 / alpha
    const passed = enough && passEvidence >= 1 / beta
    const verdict = failed ? 'fail' : passed ? 'pass' : 'inconclusive'
    return { verdict, failEvidence, passEvidence, seen }
  }

  return { ...criterion, add }
}

/** Counts that are no numbers, or more bad ones than all, are no evidence: one would tip the scales for ever. */
export function isSound({ bad, total }: Counts): boolean {
  return Number.isFinite(total) && bad >= 0 && bad <= total
}

/** Evidence for ratios of bad rates against one other: for each, the logarithm of a product of likelihood ratios. */
interface Evidence {
  readonly to: readonly number[]
  readonly from: number
  readonly logRatios: readonly number[]
  /** Numbers without objects around them, since an hour of looks is often over before any of it is compiled. */
  readonly logs: Float64Array
}

function evidenceFor(to: readonly number[], from: number): Evidence {
  const logRatios = to.map((ratio) => Math.log(ratio / from))
  return { to, from, logRatios, logs: new Float64Array(to.length) }
}

/** A bad request is the candidate's own with probability `ratio * its requests / (ratio * its requests + the others)`. */
function weigh({ to, from, logRatios, logs }: Evidence, candidate: Counts, baseline: Counts): void {
  const own = candidate.total
  const others = baseline.total
  const { bad } = candidate
  const all = bad + baseline.bad
  const odds = from * own + others
  for (let i = 0; i < logs.length; i += 1) {
    const shift = Math.log(odds / ((to[i] ?? 0) * own + others))
    logs[i] = (logs[i] ?? 0) + bad * (logRatios[i] ?? 0) + all * shift
  }
}

/** Mean of exponentials, without overflow: evidence stays a number that a journal can hold. */
export function meanExp(logs: Readonly<ArrayLike<number>>): number {
  let sum = 0
  for (let i = 0; i < logs.length; i += 1) sum += Math.exp(logs[i] ?? -Infinity)
  return Math.min(Number.MAX_VALUE, sum / logs.length)
}
