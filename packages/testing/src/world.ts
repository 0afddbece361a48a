import {
  type Duration,
  type Instance,
  type MemoryFleet,
  memoryFleet,
  memoryRouter,
  type Router,
  toMs,
} from '@changeover/engine'
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
}

/** The ports of a simulated outside. */
export interface WorldPorts {
  readonly router: Router
  readonly fleet: MemoryFleet
}

/** Builds the outside. `isNew` tells instances of the new release, the only ones that take time to get ready. */
export function createWorld(
  world: World,
  clock: VirtualClock,
  random: () => number,
  isNew: (instance: Instance) => boolean,
): WorldPorts {
  const readyAfterMs = drawReadiness(world.readyAfter ?? '1s', random)
  return {
    router: memoryRouter({
      clock,
      convergeAfterMs: toMs(world.convergeAfter ?? 0, 'world.convergeAfter'),
      drainAfterMs: toMs(world.drainAfter ?? 0, 'world.drainAfter'),
    }),
    fleet: memoryFleet({
      clock,
      readyAfterMs: (instance) => (isNew(instance) ? readyAfterMs() : 0),
      stopAfterMs: toMs(world.stopAfter ?? 0, 'world.stopAfter'),
    }),
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
