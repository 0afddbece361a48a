import { atMost } from './binomial-tail.ts'
import { refuse } from './changeover-error.ts'
import type { BoundRateCriterion, CompareRatesCriterion, Criterion } from './criterion.ts'

/** What a verdict is to rest on. */
export interface EvidenceRequest {
  readonly criterion: Criterion
  /** The new release's share of the traffic, above 0 and up to 1. */
  readonly share: number
  /** Rate of bad requests on both sides, where the new release is as good as the old one. @default 0.005 */
  readonly badRate?: number
}

/** Beyond this nobody waits; and a search has to end. */
const MOST_REQUESTS = 1e9

/**
 * About how many requests, of both releases together, a pass will take where the new release is as good as the old one.
 * Infinity where no number suffices: rates are told apart by bad requests, so without any there is nothing to compare; a bound
 * needs a rate below it. Undefined for `compare-samples`, which counts no requests. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * expectedRequests({ criterion: compareRates(), share: 0.1, badRate: 0.005 }) // 23_049
 * ```
 */
export function expectedRequests(request: EvidenceRequest): number | undefined {
  const { criterion, share, badRate = 0.005 } = request
  if (!(share > 0 && share <= 1)) throw outside('share', share, 'a share above 0 and up to 1')
  if (!(badRate >= 0 && badRate < 1)) throw outside('badRate', badRate, 'a rate from 0 to below 1')
  if (criterion.kind === 'compare-samples') return undefined
  const needed =
    criterion.kind === 'compare-rates'
      ? toCompare(criterion, share, badRate)
      : toBound(criterion, badRate) / share
  return Math.ceil(Math.max(needed, (criterion.minRequests ?? 0) / share))
}

/** Every bad request adds, on average, the divergence of whose it is from whose it would be at `ratioMax`. */
function toCompare(
  { beta, ratioMax }: CompareRatesCriterion,
  share: number,
  badRate: number,
): number {
  const worse = (ratioMax * share) / (ratioMax * share + 1 - share)
  const gain =
    share * Math.log(share / worse) +
    (share < 1 ? (1 - share) * Math.log((1 - share) / (1 - worse)) : 0)
  return gain > 0 && badRate > 0 ? Math.log(1 / beta) / (badRate * gain) : Infinity
}

/** The fewest requests at which the exact test passes with as many bad ones as are to be expected. */
function toBound({ limit, confidence }: BoundRateCriterion, badRate: number): number {
  if (badRate >= limit) return Infinity
  const passes = (total: number): boolean =>
    atMost(Math.round(badRate * total), total, limit) <= 1 - confidence
  let enough = Math.ceil(Math.log(1 - confidence) / Math.log(1 - limit))
  let tooFew = enough - 1
  while (!passes(enough)) {
    tooFew = enough
    enough *= 2
    if (enough > MOST_REQUESTS) return Infinity
  }
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2)
    if (passes(middle)) enough = middle
    else tooFew = middle
  }
  return enough
}

function outside(field: string, value: number, wanted: string): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: `expectedRequests.${field}`,
    value,
    problem: `it is not ${wanted}`,
    remedy: `Give ${wanted}.`,
  })
}
