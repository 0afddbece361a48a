import { refuse } from './changeover-error.ts'
import type { Plan } from './plan.ts'
import type { Release } from './release.ts'
import type { RouterCapabilities } from './router.ts'

/** What a strategy may base its plan on. */
export interface StrategyContext {
  readonly service: string
  /** The release in place; undefined for a first deployment. */
  readonly from: Release | undefined
  readonly to: Release
  readonly replicas: number
  /** Instances of `from` that run now. */
  readonly running: number
  /**
   * Instances that run of yet other releases, by release: left behind by a rollout that failed safe.
   * @default none
   */
  readonly others?: Readonly<Record<string, number>>
  readonly router: RouterCapabilities
}

/** What a strategy writes. */
export type StrategyPlan = Pick<Plan, 'capacity' | 'rollback' | 'steps'> &
  Partial<Pick<Plan, 'warnings'>>

/** Writes plans. A pure function: the same context always gives the same plan. */
export interface Strategy {
  readonly name: string
  /** @throws ChangeoverError where the options can never progress for this context */
  plan(context: StrategyContext): StrategyPlan
}

/**
 * Makes a strategy of your own. The engine runs its plan like any other; it knows steps, not strategies.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const flip = defineStrategy({
 *   name: 'flip',
 *   plan: ({ to, from, replicas }) => ({
 *     steps: [
 *       { step: 'launch', release: to.id, instances: replicas, minReadyMs: 0, readyWithinMs: 60_000 },
 *       { step: 'shift', weights: { [to.id]: 10_000 } },
 *     ],
 *     rollback: from ? [{ step: 'shift', weights: { [from.id]: 10_000 } }] : [],
 *     capacity: { maxTotal: replicas * 2, minAvailable: replicas },
 *   }),
 * })
 * ```
 */
export function defineStrategy(strategy: Strategy): Strategy {
  if (typeof strategy.name === 'string' && strategy.name && typeof strategy.plan === 'function') {
    return Object.freeze({ ...strategy })
  }
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'strategy',
    value: Object.keys(strategy),
    problem: 'a strategy has a name and a function plan(context)',
    remedy: 'Give both: defineStrategy({ name, plan }).',
  })
}
