import { gatesAlone } from './alone-gates.ts'
import { type NamedGate, planGate } from './plan-gate.ts'
import type { Affinity } from './route-rule.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Step } from './step.ts'
import type { StrategyContext, StrategyPlan } from './strategy.ts'
import type { RuleKey, TrafficStep } from './strategy-step.ts'
import type { StrategyTimes } from './strategy-times.ts'
import {
  allTo,
  bringTo,
  evictOthers,
  inPlace,
  leave,
  leaveOthers,
  sideBySide,
  wayBack,
} from './way-back.ts'

/** A canary, checked. */
export interface CanarySettings {
  readonly steps: readonly (NamedGate | TrafficStep)[]
  readonly scale: 'proportional' | 'full'
  readonly affinity?: Pick<Affinity, 'cookie' | 'header'>
  readonly times: StrategyTimes
}

/** What the new release gets at one point of the plan. */
interface Share {
  readonly weight: number
  readonly rules: readonly RuleKey[]
  readonly mirror: number
}

/** Writes the plan of a canary. Pure. */
export function planCanary(context: StrategyContext, settings: CanarySettings): StrategyPlan {
  const { from, replicas, running } = context
  const compared = from !== undefined && inPlace(context) > 0
  const { steps, warnings } = compared
    ? { steps: growingSteps(context, from.id, settings), warnings: warningsOf(settings) }
    : aloneSteps(context, settings)
  return {
    steps,
    rollback: wayBack(context, settings.times),
    capacity: { maxTotal: sideBySide(context), minAvailable: Math.min(running, replicas) },
    warnings,
  }
}

function growingSteps(context: StrategyContext, from: string, settings: CanarySettings): Step[] {
  const { to, replicas } = context
  const { scale, times } = settings
  const firstShare = settings.steps.find(isTraffic)
  let share: Share = { weight: 0, rules: [], mirror: 0 }
  let launched = 0
  const launchFor = ({ weight, mirror }: Share): Step[] => {
    const needed = scale === 'full' ? replicas : instancesFor(replicas, Math.max(weight, mirror))
    if (needed <= launched) return []
    launched = needed
    return [bringTo(to.id, needed, times)]
  }
  const first = firstShare ? launchFor(next(share, firstShare)) : []
  const rest = settings.steps.flatMap((step): Step[] => {
    if (!isTraffic(step)) return [planGate(step, context)]
    share = next(share, step)
    return [...launchFor(share), shiftTo(share, { from, to: to.id, affinity: settings.affinity })]
  })
  return [...evictOthers(context, times), ...first, ...rest, ...leave(from, times.drain)]
}

/** With a weighted router: as many instances as the share of the traffic, rounded up, and at least one. */
function instancesFor(replicas: number, share: number): number {
  return Math.max(1, Math.ceil((replicas * share) / FULL_WEIGHT))
}

function isTraffic(step: NamedGate | TrafficStep): step is TrafficStep {
  return step.step === 'weight' || step.step === 'route' || step.step === 'mirror'
}

function next(share: Share, step: TrafficStep): Share {
  if (step.step === 'mirror') return { ...share, mirror: step.weight }
  if (step.step === 'route') {
    const { step: _, ...rule } = step
    return { ...share, rules: [...share.rules, rule] }
  }
  const { weight, rules = share.rules, mirror = share.mirror } = step
  return weight === FULL_WEIGHT ? { weight, rules: [], mirror: 0 } : { weight, rules, mirror }
}

interface Sides {
  readonly from: string
  readonly to: string
  readonly affinity: CanarySettings['affinity']
}

function shiftTo({ weight, rules, mirror }: Share, { from, to, affinity }: Sides): Step {
  if (weight === FULL_WEIGHT) return allTo(to)
  return {
    step: 'shift',
    weights: { [from]: FULL_WEIGHT - weight, [to]: weight },
    ...(rules.length > 0 ? { rules: rules.map((rule) => ({ release: to, ...rule })) } : {}),
    ...(affinity && weight > 0 ? { affinity: { release: to, ...affinity } } : {}),
    ...(mirror > 0 ? { mirror: { release: to, weight: mirror } } : {}),
  }
}

function warningsOf({ steps }: CanarySettings): string[] {
  if (steps.some(({ step }) => step === 'judge' || step === 'approve' || step === 'hook')) return []
  return ['no gate judges the new release: it is promoted if its instances are ready and stay so']
}

/** Nothing serves beside the new release: all instances, all traffic at the first weight, and the gates that need nobody else. */
function aloneSteps(
  context: StrategyContext,
  { steps, times }: CanarySettings,
): { steps: Step[]; warnings: string[] } {
  const { from, to, replicas } = context
  const reason = from
    ? `no instance of "${from.id}" runs: "${to.id}" gets all traffic at once`
    : `"${to.id}" is the first release: it gets all traffic at once, and there is nothing to go back to`
  const first = steps.findIndex(isTraffic)
  const before = gatesAlone(steps.slice(0, first).filter((step) => !isTraffic(step)))
  const after = gatesAlone(steps.slice(first).filter((step) => !isTraffic(step)))
  return {
    steps: [
      bringTo(to.id, replicas, times),
      ...before.gates.map((gate) => planGate(gate, context)),
      allTo(to.id),
      ...after.gates.map((gate) => planGate(gate, context)),
      ...leaveOthers(context, times),
    ],
    warnings: [reason, ...before.warnings, ...after.warnings],
  }
}
