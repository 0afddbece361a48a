import { compareSamples, samplesNeeded } from './compare-samples.ts'
import type { CompareSamplesCriterion } from './criterion.ts'
import type { Look, Trial } from './trial.ts'
import type { Samples } from './metrics.ts'
import { median } from './rank-test.ts'
import { showNumber } from './trial-counts.ts'
import type { Verdict } from './verdict.ts'

/** A gauge of the candidate against the baseline's, once, at the last look. */
export function sampleTrial(indicator: string, criterion: CompareSamplesCriterion): Trial {
  return {
    asks: { indicator, as: 'values' },
    needsBaseline: true,
    finalOnly: true,
    look: (look) => judgeSamples(look, indicator, criterion),
  }
}

function judgeSamples(look: Look, indicator: string, criterion: CompareSamplesCriterion): Verdict {
  const open = (problem: string, evidence = 0): Verdict => ({
    verdict: 'inconclusive',
    evidence,
    reason: `${indicator}: ${problem}`,
  })
  if (!look.final) return open('compared at the deadline')
  const [candidate, baseline] = [valuesOf(look.candidate), valuesOf(look.baseline)]
  if (typeof candidate === 'string') return open(`no data of the candidate, ${candidate}`)
  if (typeof baseline === 'string') return open(`no data of the baseline, ${baseline}`)
  const evidence = candidate.length + baseline.length
  const [sides, needed] = [
    `${candidate.length} values against ${baseline.length}`,
    samplesNeeded(criterion.alpha),
  ]
  if (Math.min(candidate.length, baseline.length) < needed)
    return open(`${sides}, ${needed} of each are needed`, evidence)
  const { verdict, reason } = decide(candidate, baseline, criterion)
  return { verdict, evidence, reason: `${indicator}: ${sides}, ${reason}` }
}

function decide(
  candidate: readonly number[],
  baseline: readonly number[],
  { alpha, tolerance }: CompareSamplesCriterion,
): Omit<Verdict, 'evidence'> {
  const { p, shift, interval } = compareSamples(candidate, baseline, { confidence: 1 - alpha })
  const allowed = tolerance * Math.abs(median(baseline.toSorted((a, b) => a - b)))
  const failed = p <= alpha && shift > allowed
  const verdict = failed ? 'fail' : interval[1] <= allowed ? 'pass' : 'inconclusive'
  const range = `${showNumber(interval[0])} to ${showNumber(interval[1])}`
  const reason = `higher by ${showNumber(shift)} (${range}), ${showNumber(allowed)} allowed, p ${p.toPrecision(3)}`
  return { verdict, reason }
}

function valuesOf(samples: Samples | undefined): readonly number[] | string {
  if (!samples) return 'nobody was asked'
  if (!samples.data) return samples.reason
  if (!('values' in samples)) return 'it gave counts where values were asked for'
  if (samples.values.length === 0) return 'it gave no values'
  const odd = samples.values.find((value) => !Number.isFinite(value))
  return odd === undefined ? samples.values : `${odd} is no value`
}
