import { z } from 'zod'
import { checkOptions } from './check-options.ts'
import type { Criterion } from './step.ts'
import type { Verdict, VerdictOutcome } from './verdict.ts'

export interface RateLimits {
  /** Probability of failing a release that is no worse, over any number of looks. @default 0.01 */
  readonly alpha?: number
  /** Probability of passing a release whose rate is `ratioMax` times the baseline's. @default 0.05 */
  readonly beta?: number
  /** Ratio of bad rates up to which the candidate counts as no worse. @default 1 */
  readonly tolerance?: number
  /** Ratio of bad rates that must not pass. @default 2 */
  readonly ratioMax?: number
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
export interface RateJudge extends Criterion {
  /** Takes one more look. Samples in any order give the same evidence. */
  add(sample: RateSample): RateVerdict
}

const probability = z.number().gt(0).lt(1).optional()
const limitsSchema = z.object({
  alpha: probability,
  beta: probability,
  tolerance: z.number().positive().optional(),
  ratioMax: z.number().gt(1).optional(),
})

const REMEDIES = {
  alpha: 'Give a probability between 0 and 1, such as 0.01.',
  beta: 'Give a probability between 0 and 1, such as 0.05.',
  tolerance: 'Give a ratio above 0, such as 1.25.',
  ratioMax: 'Give a ratio above 1, such as 2.',
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
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const judge = compareRates({ tolerance: 1.25 })
 * judge.add({ candidate: { bad: 3, total: 100 }, baseline: { bad: 2, total: 900 } }).verdict
 * ```
 */
export function compareRates(limits: RateLimits = {}): RateJudge {
  const checked = checkOptions(limitsSchema, limits, 'compareRates', { remedies: REMEDIES })
  const { alpha = 0.01, beta = 0.05, tolerance = 1, ratioMax = 2 } = checked
  const failLogs = GRID.map(() => 0)
  let passLog = 0
  let seen = 0

  function add({ candidate, baseline }: RateSample): RateVerdict {
    if (!isSound(candidate) || !isSound(baseline)) return conclude()
    seen += candidate.total + baseline.total
    const share = candidate.total / (candidate.total + baseline.total)
    if (share > 0 && share < 1) {
      const gain = (to: number, from: number): number =>
        logRatio(share, { to, from, candidateBad: candidate.bad, baselineBad: baseline.bad })
      for (const [i, ratio] of GRID.entries()) {
        failLogs[i] = (failLogs[i] ?? 0) + gain(ratio * tolerance, tolerance)
      }
      passLog += gain(1, ratioMax)
    }
    return conclude()
  }

  function conclude(): RateVerdict {
    const failEvidence = meanExp(failLogs)
    const passEvidence = Math.exp(passLog)
    const failed = failEvidence >= 1 / alpha
    const passed = passEvidence >= 1 / beta
    const verdict = failed ? 'fail' : passed ? 'pass' : 'inconclusive'
    return { verdict, failEvidence, passEvidence, seen }
  }

  return { kind: 'compare-rates', alpha, beta, tolerance, ratioMax, add }
}

/** Counts that fell, or are no numbers, are no evidence: one of them would tip the scales for ever. */
function isSound({ bad, total }: Counts): boolean {
  return [bad, total].every((count) => Number.isFinite(count) && count >= 0)
}

/** The verdict as the journal keeps it. */
export function summarize(indicator: string, rate: RateVerdict): Verdict {
  const reason = `${indicator}: evidence for worse ${rate.failEvidence.toPrecision(4)}, against ${rate.passEvidence.toPrecision(4)}`
  return { verdict: rate.verdict, evidence: rate.seen, reason }
}

interface Ratios {
  readonly to: number
  readonly from: number
  readonly candidateBad: number
  readonly baselineBad: number
}

/** Log likelihood ratio of the bad events seen, between two ratios of bad rates. */
function logRatio(share: number, { to, from, candidateBad, baselineBad }: Ratios): number {
  const mine = (ratio: number): number => (ratio * share) / (ratio * share + 1 - share)
  return (
    candidateBad * Math.log(mine(to) / mine(from)) +
    baselineBad * Math.log((1 - mine(to)) / (1 - mine(from)))
  )
}

/** Mean of exponentials without overflow. */
function meanExp(logs: readonly number[]): number {
  const most = Math.max(...logs)
  const sum = logs.reduce((total, log) => total + Math.exp(log - most), 0)
  return Math.exp(most + Math.log(sum / logs.length))
}
