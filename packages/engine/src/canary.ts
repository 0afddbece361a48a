import { z } from 'zod'
import { planCanary } from './canary-plan.ts'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import { nameGates } from './gate-names.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Strategy, StrategyContext } from './strategy.ts'
import { type CanaryStep, canaryStepSchema, hasOneKey, tokenSchema } from './strategy-step.ts'
import { readTimes, type StrategyTimesOptions, timesShape } from './strategy-times.ts'

export interface CanaryOptions extends StrategyTimesOptions {
  /**
   * What happens, in this order: `weight`, `bake`, `judge`, `approve`, `hook`, `route`, `mirror`. Weights rise strictly; where the
   * last one is below 100, the rest follows at the end.
   */
  readonly steps: readonly CanaryStep[]
  /**
   * Keeps a user, told by a cookie or a header, on one side as long as the weight stays, and in the canary when it rises.
   * @default every request is drawn anew
   */
  readonly affinity?: { readonly cookie: string } | { readonly header: string }
  /**
   * Instances of the new release: as many as its weight (or its mirror) needs, rounded up, or all of them from the first
   * step on. @default 'proportional'
   */
  readonly scale?: 'proportional' | 'full'
}

const optionsSchema = z.strictObject({
  steps: z.array(canaryStepSchema).min(1, 'a canary needs steps, such as weight(5)'),
  affinity: z
    .strictObject({ cookie: tokenSchema.exactOptional(), header: tokenSchema.exactOptional() })
    .refine(hasOneKey, 'give exactly one of header and cookie')
    .optional(),
  scale: z.enum(['proportional', 'full']).optional(),
  ...timesShape,
})

const REMEDIES = {
  steps: 'Make steps with weight(), bake(), judge(), approve(), hook(), route() and mirror().',
}

/**
 * Gives the new release a growing share of the traffic, with gates between. The old release stays whole until the end,
 * so that the way back is one table. A first release, or one whose predecessor has no instance left, has nothing to be
 * compared with: it gets all traffic at the first weight, and gates that compare are left out with a warning.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; when the plan is made also
 *   `CHANGEOVER_PLAN_INVALID` and `CHANGEOVER_CAPABILITY_MISSING`
 * @example
 * ```ts
 * const strategy = canary({
 *   steps: [weight(1), bake('2m'), judge({ errors: compareRates({ tolerance: 1.25 }) }), weight(25), approve('go')],
 *   affinity: { cookie: 'uid' },
 * })
 * ```
 */
export function canary(options: CanaryOptions): Strategy {
  const checked = checkOptions(optionsSchema, options, 'canary', { remedies: REMEDIES })
  const { scale = 'proportional', affinity } = checked
  const steps = nameGates(toTheEnd(checked.steps), 'canary.steps')
  assertSequence(steps)
  const settings = {
    steps,
    scale,
    ...(affinity ? { affinity } : {}),
    times: readTimes(checked, 'canary'),
  }
  return Object.freeze({
    name: 'canary',
    plan: (context: StrategyContext) => planCanary(context, settings),
  })
}

function toTheEnd(steps: readonly CanaryStep[]): CanaryStep[] {
  const last = steps.findLast((step) => step.step === 'weight')
  return last?.weight === FULL_WEIGHT
    ? [...steps]
    : [...steps, { step: 'weight', weight: FULL_WEIGHT }]
}

/** Refuses sequences that make no sense on any router: weights that do not rise, and verdicts without requests. */
function assertSequence(steps: readonly CanaryStep[]): void {
  let weight = 0
  let marked = false
  for (const [i, step] of steps.entries()) {
    if (step.step === 'weight') {
      if (step.weight <= weight) throw notRising(i, step.weight, weight)
      weight = step.weight
      continue
    }
    if (step.step === 'route' || step.step === 'mirror') {
      if (weight === FULL_WEIGHT) throw tooLate(i, step.step)
      marked = true
    }
    if (step.step !== 'judge') continue
    if (weight === 0 && !marked) throw noTraffic(i)
    const compares = Object.values(step.indicators).some(({ kind }) => kind !== 'bound-rate')
    if (weight === FULL_WEIGHT && compares) throw noBaseline(i)
  }
}

function notRising(index: number, weight: number, before: number): Error {
  return refuseStep(index, {
    value: weight / 100,
    problem: `weights rise, and the one before is ${before / 100}`,
    remedy: 'Give weights in rising order; to hold a weight for longer, add bake() or a gate.',
  })
}

function tooLate(index: number, step: string): Error {
  return refuseStep(index, {
    value: step,
    problem: 'the new release has all traffic already',
    remedy: 'Put it before weight(100), or leave it out.',
  })
}

function noTraffic(index: number): Error {
  return refuseStep(index, {
    value: 'judge',
    problem: 'the new release has no traffic yet, so the gate could never come to a verdict',
    remedy: 'Put a weight(), route() or mirror() before it.',
  })
}

function noBaseline(index: number): Error {
  return refuseStep(index, {
    value: 'judge',
    problem: 'at weight 100 the old release has no traffic to compare with',
    remedy: 'Put it before weight(100), or bound the rate with boundRate({ limit }).',
  })
}

function refuseStep(
  index: number,
  { value, problem, remedy }: { value: unknown; problem: string; remedy: string },
): Error {
  const field = `canary.steps.${index}`
  return refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
