import { inspect } from 'node:util'
import {
  checkOptions,
  type Duration,
  type Plan,
  portSchema,
  type Strategy,
} from '@changeover/engine'
import { z } from 'zod'
import { FLEET_CALLS, ROUTER_CALLS, STORE_CALLS } from './port-calls.ts'
import type { SimulatedFaults } from './simulated-faults.ts'
import type { World } from './world.ts'

export interface SimulationOptions {
  /** Writes the plan; give either this or `plan`. */
  readonly strategy?: Strategy
  /** A plan as it was printed, for the releases `old` and `new`. */
  readonly plan?: Pick<Plan, 'capacity' | 'rollback' | 'steps' | 'strategy'>
  readonly replicas: number
  /** How the simulated outside behaves. */
  readonly world?: World
  /** What goes wrong. @default nothing */
  readonly faults?: SimulatedFaults
  /** A third release that supersedes the rollout. @default none */
  readonly supersede?: Supersession
  /** The same seed gives the same run. @default 1 */
  readonly seed?: number
}

/** A third release, `newer`, that is started while the second may still be under way. */
export interface Supersession {
  /** When somebody starts it, since the start of the first rollout; an engine that is down is asked when the next one leads. */
  readonly at: Duration
  /** @default the strategy of the first rollout */
  readonly strategy?: Strategy
}

const duration = z.union([z.number(), z.string()])
const point = z.int().positive()
const share = z.number().min(0).max(1)
const releaseName = z.enum(['old', 'new'])
const worldSchema = z.strictObject({
  readyAfter: z.union([duration, z.tuple([duration, duration])]).optional(),
  stopAfter: duration.optional(),
  convergeAfter: duration.optional(),
  drainAfter: duration.optional(),
  requestsPerSecond: z.number().positive().optional(),
  errors: z
    .union([z.enum(['silent', 'nan', 'failing']), z.strictObject({ old: share, new: share })])
    .optional(),
  approvals: duration.optional(),
  holds: z.enum(['abort', 'promote', 'resume']).optional(),
  hooks: z.record(z.string(), z.enum(['succeed', 'fail', 'hang'])).optional(),
  commands: z
    .array(
      z.strictObject({
        at: duration,
        command: z.enum(['abort', 'pause', 'promote', 'resume', 'rollback']),
      }),
    )
    .optional(),
})
/** A misspelt call would never go wrong, and the run would prove nothing. */
const callsOf = (known: readonly string[]) => z.array(z.enum(known)).optional()
const line = z.strictObject({
  lostRequests: share.optional(),
  lostReplies: share.optional(),
  atMost: z.int().min(0).optional(),
})
const instanceFault = { at: duration, release: releaseName, instances: point.optional() }
const faultsSchema = z.strictObject({
  crashAt: z.array(point).optional(),
  crashAtPoint: z.array(point).optional(),
  stall: z.strictObject({ atPoint: point, for: duration }).optional(),
  clocks: z.array(z.number()).optional(),
  lost: line.extend({ calls: callsOf([...ROUTER_CALLS, ...FLEET_CALLS]) }).optional(),
  store: line.extend({ calls: callsOf(STORE_CALLS), delay: duration.optional() }).optional(),
  lies: z.boolean().optional(),
  drift: z.array(duration).optional(),
  forgets: z.array(duration).optional(),
  dies: z.array(z.strictObject(instanceFault)).optional(),
  falters: z.array(z.strictObject({ ...instanceFault, for: duration })).optional(),
})
const strategyPort = portSchema<Strategy>('strategy such as rolling()', ['plan'])
const shape = {
  supersede: z.strictObject({ at: duration, strategy: strategyPort.optional() }).optional(),
  replicas: point,
  world: worldSchema.optional(),
  faults: faultsSchema.optional(),
  seed: z.int().optional(),
}
const strategySchema = z.strictObject({
  ...shape,
  strategy: strategyPort,
})
const planSchema = z.strictObject({
  ...shape,
  plan: z.looseObject({
    strategy: z.string().min(1),
    steps: z.array(z.looseObject({ step: z.string() })),
    rollback: z.array(z.looseObject({ step: z.string() })),
    capacity: z.strictObject({ maxTotal: z.int(), minAvailable: z.int() }),
  }),
})

/** The strategy that a simulation is to run. @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` for any mistake */
export function checkSimulation(options: SimulationOptions): Strategy {
  const { strategy, plan } = options
  if (!plan || strategy) {
    checkOptions<unknown>(strategySchema, options, 'simulate')
    if (strategy) return strategy
  }
  checkOptions<unknown>(planSchema, options, 'simulate')
  const { steps = [], rollback = [], capacity = { maxTotal: 0, minAvailable: 0 } } = plan ?? {}
  return { name: plan?.strategy ?? '', plan: () => ({ steps, rollback, capacity }) }
}

/** A call that runs the same simulation again, as one line of code. A strategy is told by its name only. */
export function replayLine({ strategy, ...options }: SimulationOptions): string {
  const rest = inspect(options, { depth: null, breakLength: Infinity, maxArrayLength: null })
  if (!strategy) return `await simulate(${rest})`
  return `await simulate({ strategy: /* ${strategy.name} */ strategy, ${rest.slice(2)})`
}
