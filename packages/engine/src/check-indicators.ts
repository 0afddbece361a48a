import type { Criterion } from './criterion.ts'
import type { Indicator, Metrics } from './metrics.ts'
import type { Plan } from './plan.ts'

/**
 * Asks the metrics port about every indicator that a plan judges by: a misspelt one would never have data, and its gate
 * never a verdict.
 *
 * @throws ChangeoverError `CHANGEOVER_INDICATOR_UNKNOWN`, or whatever the port refuses it with
 */
export async function checkIndicators(plan: Plan, metrics: Metrics | undefined): Promise<void> {
  for (const step of plan.steps) {
    if (step.step !== 'judge') continue
    for (const [indicator, criterion] of Object.entries(step.indicators)) {
      await metrics?.check?.({ ...asked(indicator, criterion), service: plan.service })
    }
  }
}

function asked(indicator: string, criterion: Criterion): Indicator {
  if (criterion.kind === 'compare-samples') return { indicator, as: 'values' }
  const { overMs } = criterion
  return overMs === undefined ? { indicator } : { indicator, overMs }
}
