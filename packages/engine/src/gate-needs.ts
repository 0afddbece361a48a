import { expectedRequests } from './expected-requests.ts'
import type { Plan } from './plan.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Criterion } from './criterion.ts'

/** Rate of bad requests at which the needs of verdicts are told: half a percent, as good services have it. */
const TYPICAL_BAD_RATE = 0.005

/** What a judge's verdicts rest on, where step `index` is one: a line for each indicator. Pure. */
export function gateNeeds(plan: Plan, index: number): string[] {
  const step = plan.steps[index]
  if (step?.step !== 'judge') return []
  const share = shareAt(plan, index, step.candidate)
  return Object.entries(step.indicators).map(
    ([name, criterion]) => `${name}: ${need(criterion, share)}`,
  )
}

function need(criterion: Criterion, share: number): string {
  if (criterion.kind === 'compare-samples') return 'needs samples of both releases, not requests'
  if (share === 0 && criterion.kind === 'compare-rates')
    return 'needs bad requests of both releases; how many requests a rule sends is not known'
  // Before it has weight, only what a rule sends counts: its own requests.
  const requests = expectedRequests({ criterion, share: share || 1, badRate: TYPICAL_BAD_RATE })
  const whose =
    share === 0 || share === 1
      ? 'to the new release'
      : `at ${Math.round(share * 10_000) / 100}%, of both releases`
  if (requests === undefined || requests === Infinity)
    return `cannot pass where ${TYPICAL_BAD_RATE * 100}% are bad`
  return `needs about ${rounded(requests)} requests ${whose}, where ${TYPICAL_BAD_RATE * 100}% are bad`
}

/** The share of the traffic that the candidate has at a step: by the last shift, or by the instances in place. */
function shareAt({ steps }: Plan, index: number, candidate: string): number {
  for (const step of steps.slice(0, index).toReversed()) {
    if (step.step === 'shift') {
      const weight = step.weights[candidate] ?? 0
      const copies = weight === 0 ? (step.mirror?.weight ?? 0) : 0
      return weight > 0 ? weight / FULL_WEIGHT : copies / (FULL_WEIGHT + copies)
    }
    if (step.step === 'replace') {
      const { until = step.replicas, replicas, surge } = step
      return until >= replicas ? 1 : until / (replicas + Math.min(until, surge))
    }
  }
  return 0
}

/** Two digits are all that an expectation is good for. */
function rounded(requests: number): string {
  const size = 10 ** Math.max(0, Math.floor(Math.log10(requests)) - 1)
  return (Math.ceil(requests / size) * size).toLocaleString('en-US')
}
