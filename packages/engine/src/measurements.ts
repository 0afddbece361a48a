import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import type { MetricName } from './metrics-catalog.ts'
import type { RolloutEnd } from './rollout.ts'
import type { RolloutState, RoutesSummary } from './rollout-state.ts'
import { FULL_WEIGHT } from './route-table.ts'

/** One change of a metric. */
export interface Measurement {
  readonly metric: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** A gauge goes up or down by `value`, instead of being set to it. */
  readonly adds?: true
}

/** What an engine that begins to lead says. Pure, like all here. */
export function measureStart(state: RolloutState, { service, fence }: Lease): Measurement[] {
  const { converged } = state
  return [
    { metric: 'rollouts_running', labels: { service }, value: 1, adds: true },
    { metric: 'lease_held', labels: { service }, value: 1 },
    { metric: 'lease_fence', labels: { service }, value: fence },
    ...(converged ? measureWeights(state, converged) : []),
  ]
}

/** What an engine that no longer leads says. */
export function measureEnd(service: string, { outcome }: RolloutEnd): Measurement[] {
  return [
    { metric: 'rollouts_total', labels: { service, outcome }, value: 1 },
    { metric: 'rollouts_running', labels: { service }, value: -1, adds: true },
    { metric: 'lease_held', labels: { service }, value: 0 },
  ]
}

/** What an entry says, beside the state before it. */
export function measureEntry(state: RolloutState, entry: Entry): Measurement[] {
  switch (entry.type) {
    case 'step-finished':
      return measureStep(state, entry.at, 'finished')
    case 'turned-back':
      return measureStep(state, entry.at, 'failed')
    case 'judged':
      return measureVerdict(state, entry)
    case 'routes-converged': {
      const { intended } = state
      return intended?.revision === entry.revision ? measureWeights(state, intended) : []
    }
    case 'finished':
      return [...measureStep(state, entry.at, 'failed'), measureRollout(state, entry)]
    default:
      return []
  }
}

/** The step under way, if there is one. */
function measureStep(
  { plan: { service }, steps, position, stepStartedAt }: RolloutState,
  at: number,
  result: 'finished' | 'failed',
): Measurement[] {
  const step = steps[position]?.step
  if (step === undefined || stepStartedAt === undefined) return []
  const value = secondsBetween(stepStartedAt, at)
  return [{ metric: 'step_duration_seconds', labels: { service, step, result }, value }]
}

function measureVerdict(
  { plan: { service }, stepStartedAt }: RolloutState,
  { at, gate, verdict: { verdict, evidence } }: Extract<Entry, { type: 'judged' }>,
): Measurement[] {
  const labels = { service, verdict }
  const value = secondsBetween(stepStartedAt ?? at, at)
  return [
    { metric: 'gate_duration_seconds', labels, value },
    { metric: 'verdicts_total', labels, value: 1 },
    { metric: 'verdict_evidence', labels: { service, gate }, value: evidence },
  ]
}

function measureWeights({ plan }: RolloutState, { pools }: RoutesSummary): Measurement[] {
  const isNew = ({ release }: { readonly release: string }): boolean => release === plan.to.id
  const side = (name: string, of: RoutesSummary['pools']): Measurement => ({
    metric: 'route_weight_ratio',
    labels: { service: plan.service, side: name },
    value: of.reduce((sum, { weight }) => sum + weight, 0) / FULL_WEIGHT,
  })
  return [
    side('new', pools.filter(isNew)),
    side(
      'old',
      pools.filter((pool) => !isNew(pool)),
    ),
  ]
}

function measureRollout(
  { plan: { service }, startedAt }: RolloutState,
  { at, outcome }: Extract<Entry, { type: 'finished' }>,
): Measurement {
  const value = secondsBetween(startedAt, at)
  return { metric: 'rollout_duration_seconds', labels: { service, outcome }, value }
}

/** Engines' clocks may disagree; nothing takes less than no time. */
function secondsBetween(from: number, to: number): number {
  return Math.max(0, to - from) / 1_000
}
