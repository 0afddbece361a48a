import { type Duration, type Hook, type Instance, type Metrics, toMs } from '@changeover/engine'
import type { Outside } from './outside.ts'
import type { SimulatedFaults } from './simulated-faults.ts'
import { simulatedFleet } from './simulated-fleet.ts'
import { simulatedRouter, type SimulatedRouter } from './simulated-router.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** How the simulated outside behaves. */
export interface World {
  /**
   * From launch to ready, for instances of the new release: a duration, a range drawn from by the seed, or `'never'`.
   * @default '1s'
   */
  readonly readyAfter?: Duration | readonly [Duration, Duration]
  /** From the request to stop to the end of an instance. @default 0 */
  readonly stopAfter?: Duration
  /** From a new route table to the first instant at which every request follows it. @default 0 */
  readonly convergeAfter?: Duration
  /** How long an instance has requests in flight after it left the routes. @default 0 */
  readonly drainAfter?: Duration
  /** Requests per second that the service gets, for the judge. @default 100 */
  readonly requestsPerSecond?: number
  /**
   * Shares of bad requests, which the judge is shown as counts; or a metrics system that has no data, answers NaN, or
   * rejects. @default { old: 0.005, new: 0.005 }
   */
  readonly errors?: { readonly old: number; readonly new: number } | 'silent' | 'nan' | 'failing'
  /** How long people take for each approval that a gate wants, or `'never'`. @default '1m' */
  readonly approvals?: Duration
  /** What people do, ten minutes later, with a rollout that a gate holds. @default 'abort' */
  readonly holds?: 'abort' | 'promote' | 'resume'
  /** What becomes of the calls of the hooks that the plan names. */
  readonly hooks?: Readonly<Record<string, 'succeed' | 'fail' | 'hang'>>
  /** What people ask for, at times since the start. */
  readonly commands?: readonly {
    readonly at: Duration
    readonly command: 'abort' | 'pause' | 'promote' | 'resume' | 'rollback'
  }[]
}

/** Builds the outside. `isNew` tells instances of the new release, the only ones that take time to get ready. */
export function createWorld(
  { world, faults }: { readonly world: World; readonly faults: SimulatedFaults },
  clock: VirtualClock,
  random: () => number,
  isNew: (release: string) => boolean,
): Outside {
  const readyAfterMs = drawReadiness(world.readyAfter ?? '1s', random)
  const routing = simulatedRouter({
    clock,
    convergeAfterMs: toMs(world.convergeAfter ?? 0, 'world.convergeAfter'),
    drainAfterMs: toMs(world.drainAfter ?? 0, 'world.drainAfter'),
    lies: faults.lies ?? false,
  })
  const instances = simulatedFleet({
    clock,
    readyAfterMs: ({ release }: Instance) => (isNew(release) ? readyAfterMs() : 0),
    stopAfterMs: toMs(world.stopAfter ?? 0, 'world.stopAfter'),
  })
  const hooks = Object.entries(world.hooks ?? {}).map(([name, fate]) => [name, hookOf(fate)])
  return {
    routing,
    instances,
    metrics: metricsOf(world, routing, isNew),
    hooks: Object.fromEntries(hooks),
  }
}

function drawReadiness(
  readyAfter: NonNullable<World['readyAfter']>,
  random: () => number,
): () => number {
  if (readyAfter === 'never') return () => Infinity
  const [least, most] = Array.isArray(readyAfter) ? readyAfter : [readyAfter, readyAfter]
  const leastMs = toMs(least, 'world.readyAfter')
  const spanMs = toMs(most, 'world.readyAfter') - leastMs
  return () => leastMs + Math.floor(random() * (spanMs + 1))
}

function hookOf(fate: 'succeed' | 'fail' | 'hang'): Hook {
  return async () => {
    if (fate === 'fail') throw new Error('the hook failed')
    if (fate === 'hang') await new Promise(() => undefined)
  }
}

/** Counts that only grow and have no noise: how a judge lives with chance is another test. */
function metricsOf(
  { errors = { old: 0.005, new: 0.005 }, requestsPerSecond = 100 }: World,
  routing: SimulatedRouter,
  isNew: (release: string) => boolean,
): Metrics {
  return {
    name: 'simulated',
    async sample({ release, since, as }) {
      if (errors === 'silent') return { data: false, reason: 'silence' }
      if (errors === 'nan') return { data: true, bad: NaN, total: NaN }
      if (errors === 'failing') throw new Error('the metrics system is down')
      const rate = errors[isNew(release) ? 'new' : 'old']
      if (as === 'values')
        return { data: true, values: Array.from({ length: 50 }, (_, i) => rate * (1 + i / 50)) }
      const total = Math.floor(routing.share(release, since) * requestsPerSecond)
      return { data: true, bad: Math.floor(total * rate), total }
    },
  }
}
