import type { Criterion } from './criterion.ts'
import type { Trial } from './trial.ts'
import { boundTrial } from './trial-bound.ts'
import { rateTrial } from './trial-rates.ts'
import { sampleTrial } from './trial-samples.ts'
import type { Verdict } from './verdict.ts'

/** Begins to judge one indicator, with nothing seen yet. */
export function openTrial(indicator: string, criterion: Criterion): Trial {
  switch (criterion.kind) {
    case 'compare-rates':
      return rateTrial(indicator, criterion)
    case 'bound-rate':
      return boundTrial(indicator, criterion)
    case 'compare-samples':
      return sampleTrial(indicator, criterion)
  }
}

/** A gate fails with its first indicator and passes with its last; it says where each of them stands. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  const has = (wanted: string): boolean => verdicts.some(({ verdict }) => verdict === wanted)
  const passed = verdicts.length > 0 && !has('inconclusive')
  const verdict = has('fail') ? 'fail' : passed ? 'pass' : 'inconclusive'
  const evidence = verdicts.reduce((sum, one) => sum + one.evidence, 0)
  return { verdict, evidence, reason: verdicts.map(({ reason }) => reason).join('; ') }
}
