import { z } from 'zod'
import { gatesAlone } from './alone-gates.ts'
import { capacity, roundedUp, type Share } from './capacity.ts'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import { nameGates } from './gate-names.ts'
import { type NamedGate, planGate } from './plan-gate.ts'
import type { Step, Window } from './step.ts'
import type { Strategy, StrategyContext, StrategyPlan } from './strategy.ts'
import { type GateStep, gateSchema } from './strategy-step.ts'
import {
  readTimes,
  type StrategyTimes,
  type StrategyTimesOptions,
  timesShape,
} from './strategy-times.ts'
import { leftBehind, PATIENCE_BACK, withdraw } from './way-back.ts'

export interface RollingOptions extends StrategyTimesOptions {
  /** Instances that may run beyond the replicas: a count, or a percentage (rounded up). @default '25%' */
  readonly maxSurge?: Share
  /** Instances that may be missing: a count, or a percentage (rounded down). @default '25%' */
  readonly maxUnavailable?: Share
  /** What must pass once the first new instances serve: `bake`, `judge`, `approve`, `hook`. @default nothing */
  readonly gates?: readonly GateStep[]
  /** How many new instances serve before the gates: a count, or a percentage of the replicas (rounded up). @default 1 */
  readonly gateAfter?: Share
}

const share = z.union([z.number(), z.string()])
const optionsSchema = z.strictObject({
  maxSurge: share.optional(),
  maxUnavailable: share.optional(),
  gates: z.array(gateSchema).optional(),
  gateAfter: share.optional(),
  ...timesShape,
})

const REMEDIES = { gates: 'Make gates with bake(), judge(), approve() and hook().' }

/** A rolling update, checked. */
interface RollingSettings {
  readonly maxSurge: Share
  readonly maxUnavailable: Share
  readonly gates: readonly NamedGate[]
  readonly gateAfter: Share
  readonly times: StrategyTimes
}

/**
 * Exchanges the instances a few at a time, in a sliding window: a new one starts as soon as `maxSurge` allows, an old
 * one goes as soon as `maxUnavailable` allows. Where a new instance does not become ready, everything goes back.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; when the plan is made also
 *   `CHANGEOVER_CAPACITY_INVALID` and `CHANGEOVER_CAPACITY_NEVER_SERVES`
 * @example
 * ```ts
 * const strategy = rolling({ maxSurge: '25%', maxUnavailable: 0, minReady: '10s' })
 * ```
 */
export function rolling(options: RollingOptions = {}): Strategy {
  const checked = checkOptions(optionsSchema, options, 'rolling', { remedies: REMEDIES })
  const { maxSurge = '25%', maxUnavailable = '25%', gates = [], gateAfter = 1 } = checked
  if (gates.length === 0 && checked.gateAfter !== undefined) throw gatesMissing(gateAfter)
  const settings: RollingSettings = {
    maxSurge,
    maxUnavailable,
    gates: nameGates(gates, 'rolling.gates'),
    gateAfter,
    times: readTimes(checked, 'rolling'),
  }
  return Object.freeze({
    name: 'rolling',
    plan: (context: StrategyContext) => planExchange(context, settings),
  })
}

function planExchange(context: StrategyContext, settings: RollingSettings): StrategyPlan {
  const { from, to, replicas, running } = context
  const { maxSurge, maxUnavailable, times } = settings
  const bounds = capacity({ replicas, maxSurge, maxUnavailable })
  if (bounds.minAvailable < 1) {
    throw refuse('CHANGEOVER_CAPACITY_NEVER_SERVES', { replicas, value: maxUnavailable })
  }
  const window: Window = { replicas, surge: bounds.surge, unavailable: bounds.unavailable }
  const back = windowBack(window, running)
  const replace = { step: 'replace', ...times } as const
  const patient = { ...replace, readyWithinMs: times.readyWithinMs * PATIENCE_BACK }
  const gated = gatedSteps(context, settings, { ...replace, ...window, release: to.id })
  return {
    steps: gated.steps,
    rollback: from ? [{ ...patient, ...back, release: from.id }] : withdraw(to.id, times.drain),
    capacity: {
      maxTotal: Math.max(bounds.maxTotal, running + leftBehind(context)),
      minAvailable: from
        ? Math.max(0, Math.min(bounds.minAvailable, running - back.unavailable))
        : 0,
    },
    warnings: [
      ...(from ? [] : [`"${to.id}" is the first release: there is nothing to go back to`]),
      ...gated.warnings,
    ],
  }
}

/** The first instances, the gates, and then the rest; all of them first where nothing serves beside them. */
function gatedSteps(
  context: StrategyContext,
  { gates, gateAfter }: RollingSettings,
  replace: Extract<Step, { readonly step: 'replace' }>,
): Required<Pick<StrategyPlan, 'steps' | 'warnings'>> {
  if (gates.length === 0) return { steps: [replace], warnings: [] }
  const planned = (all: readonly NamedGate[]): Step[] => all.map((gate) => planGate(gate, context))
  if (context.running === 0) {
    const alone = gatesAlone(gates)
    return { steps: [replace, ...planned(alone.gates)], warnings: alone.warnings }
  }
  const { replicas } = context
  const until = roundedUp(gateAfter, replicas, 'gateAfter')
  if (until < 1 || until > replicas) throw notReached(gateAfter, replicas)
  return { steps: [{ ...replace, until }, ...planned(gates), replace], warnings: [] }
}

/** The way back is to as many instances as there were; where those are few, at least one of them serves all the time. */
function windowBack({ replicas, surge, unavailable }: Window, running: number): Window {
  const wanted = running || replicas
  const spare = Math.min(unavailable, wanted - 1)
  return { replicas: wanted, unavailable: spare, surge: spare > 0 ? surge : Math.max(1, surge) }
}

function gatesMissing(gateAfter: Share): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'rolling.gateAfter',
    value: gateAfter,
    problem: 'there are no gates',
    remedy: 'Give gates, or leave gateAfter out.',
  })
}

function notReached(gateAfter: Share, replicas: number): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'rolling.gateAfter',
    value: gateAfter,
    problem: `the gates come after 1 to ${replicas} new instances`,
    remedy: 'Give a count within the replicas, or a percentage above 0 and up to 100.',
  })
}
