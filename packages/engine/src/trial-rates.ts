import { type Counts, type RateSample, rateJudge, type RateVerdict } from './compare-rates.ts'
import type { CompareRatesCriterion } from './criterion.ts'
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

const NOTHING: RateSample = { candidate: NO_COUNTS, baseline: NO_COUNTS }

/** Bad requests against those of the concurrent baseline, at every look. */
export function rateTrial(indicator: string, criterion: CompareRatesCriterion): Trial {
  const judge = rateJudge(criterion)
  let before = NOTHING
  let seen = NOTHING
  let stand = judge.add(NOTHING)

  function look({ candidate, baseline }: Look): Standing {
    const now = { candidate: countsOf(candidate), baseline: countsOf(baseline) }
    if (typeof now.candidate === 'string')
      return still(`no data of the candidate, ${now.candidate}`)
    if (typeof now.baseline === 'string') return still(`no data of the baseline, ${now.baseline}`)
    return take({ candidate: now.candidate, baseline: now.baseline })
  }

  function take(now: RateSample): Standing {
    const restarted = fell(now.candidate, before.candidate) || fell(now.baseline, before.baseline)
    const chunk = bothSides(minus, now, before)
    // Bad requests that are counted ahead of all requests wait for the next look.
    const early = [chunk.candidate, chunk.baseline].some(({ bad, total }) => bad > total)
    if (early && !restarted) return still('some requests are not counted yet')
    before = restarted ? now : bothSides(most, now, before)
    if (restarted) return still('counts fell, and are counted anew from here')
    stand = judge.add(chunk)
    seen = bothSides(plus, seen, chunk)
    return { ...standing(), verdict: stand.verdict }
  }

  function still(problem: string): Standing {
    const known = standing()
    return { ...known, verdict: 'inconclusive', reason: `${known.reason} (${problem})` }
  }

  function standing(): Omit<Standing, 'verdict'> {
    return {
      evidence: stand.seen,
      reason: `${indicator}: ${tell(seen, stand, criterion)}`,
      ...seen,
      towards: [
        { verdict: 'fail', value: stand.failEvidence, threshold: 1 / criterion.alpha },
        { verdict: 'pass', value: stand.passEvidence, threshold: 1 / criterion.beta },
      ],
    }
  }

  const { overMs } = criterion
  const asks = { indicator, ...(overMs === undefined ? {} : { overMs }) }
  return { asks, needsBaseline: true, finalOnly: false, look }
}

function bothSides(
  work: (one: Counts, other: Counts) => Counts,
  one: RateSample,
  other: RateSample,
): RateSample {
  return {
    candidate: work(one.candidate, other.candidate),
    baseline: work(one.baseline, other.baseline),
  }
}

function tell(
  { candidate, baseline }: RateSample,
  { failEvidence, passEvidence }: RateVerdict,
  { alpha, beta, minRequests = 0 }: CompareRatesCriterion,
): string {
  const sides = `${showCounts(candidate)} against ${showCounts(baseline)}`
  const worse = `evidence for worse ${showNumber(failEvidence)} of ${showNumber(1 / alpha)}`
  const good = `for no worse ${showNumber(passEvidence)} of ${showNumber(1 / beta)}`
  const few = candidate.total < minRequests ? `, ${showNumber(minRequests)} requests wanted` : ''
  return `${sides}, ${worse}, ${good}${few}`
}
