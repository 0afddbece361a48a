import { atMost } from './binomial-tail.ts'
import { type Counts, meanExp } from './compare-rates.ts'
import type { BoundRateCriterion } from './criterion.ts'
import type { Look, Standing, Trial } from './trial.ts'
import {
  countsOf,
  fell,
  minus,
  most,
  NO_COUNTS,
  plus,
  showCounts,
  showNumber,
} from './trial-counts.ts'
import type { VerdictOutcome } from './verdict.ts'

/** By how much the odds of the failing alternatives lie above the limit's. */
const GRID = [1.5, 2, 3, 5, 10]

/**
 * The candidate's own bad requests against a limit. It fails at any look, by an e-process, so that looking often raises no
 * false alarm; it passes at the last look only, where the exact test is asked once.
 */
export function boundTrial(indicator: string, criterion: BoundRateCriterion): Trial {
  let before = NO_COUNTS
  let seen = NO_COUNTS

  function look({ candidate, final }: Look): Standing {
    const now = countsOf(candidate)
    if (typeof now === 'string') return still(`no data, ${now}`)
    const restarted = fell(now, before)
    const chunk = minus(now, before)
    if (chunk.bad > chunk.total && !restarted) return still('some requests are not counted yet')
    before = restarted ? now : most(now, before)
    if (restarted) return still('counts fell, and are counted anew from here')
    seen = plus(seen, chunk)
    return { ...standing(), verdict: outcome(seen, criterion, final) }
  }

  function still(problem: string): Standing {
    const known = standing()
    return { ...known, verdict: 'inconclusive', reason: `${known.reason} (${problem})` }
  }

  function standing(): Omit<Standing, 'verdict'> {
    return {
      evidence: seen.total,
      reason: `${indicator}: ${tell(seen, criterion)}`,
      candidate: seen,
      towards: towards(seen, criterion),
    }
  }

  const { overMs } = criterion
  const asks = { indicator, ...(overMs === undefined ? {} : { overMs }) }
  return { asks, needsBaseline: false, finalOnly: false, look }
}

function outcome(seen: Counts, criterion: BoundRateCriterion, final: boolean): VerdictOutcome {
  const { limit, confidence, minRequests = 0 } = criterion
  if (seen.total === 0 || seen.total < minRequests) return 'inconclusive'
  if (evidenceAbove(seen, limit) >= 1 / (1 - confidence)) return 'fail'
  const passed = final && atMost(seen.bad, seen.total, limit) <= 1 - confidence
  return passed ? 'pass' : 'inconclusive'
}

/** The pass is asked for at the last look only; how far it is from there is the exact test's, turned around. */
function towards(
  seen: Counts,
  { limit, confidence }: BoundRateCriterion,
): NonNullable<Standing['towards']> {
  const threshold = 1 / (1 - confidence)
  const chance = atMost(seen.bad, seen.total, limit)
  return [
    { verdict: 'fail', value: evidenceAbove(seen, limit), threshold },
    { verdict: 'pass', value: Math.min(Number.MAX_VALUE, 1 / chance), threshold },
  ]
}

/** e-value against "at most the limit": the mean of likelihood ratios, each of expectation 1 or less below the limit. */
function evidenceAbove({ bad, total }: Counts, limit: number): number {
  const logs = GRID.map((odds) => {
    const rate = (odds * limit) / (odds * limit + 1 - limit)
    const good = (total - bad) * Math.log((1 - rate) / (1 - limit))
    return bad * Math.log(rate / limit) + good
  })
  return meanExp(logs)
}

function tell(seen: Counts, { limit, confidence, minRequests = 0 }: BoundRateCriterion): string {
  const bound = `limit ${showNumber(limit * 100)} %`
  const above = showNumber(evidenceAbove(seen, limit))
  const few = seen.total < minRequests ? `, ${showNumber(minRequests)} requests wanted` : ''
  const chance = showNumber(atMost(seen.bad, seen.total, limit) * 100)
  return `${showCounts(seen)}, ${bound}, evidence for more ${above} of ${showNumber(1 / (1 - confidence))}, at the limit so few had a chance of ${chance} %${few}`
}
