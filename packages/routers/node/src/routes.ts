import type { RouteTable } from '@changeover/engine'
import type { RawHeaders } from './headers.ts'
import { compileMirror, type MirrorRoute } from './mirror.ts'
import {
  type InstanceMaker,
  type Lane,
  laneOf,
  type RoutedInstance,
  type RoutedPool,
} from './routed-pool.ts'
import { compileSteering, steeredReleases, type Steering } from './steering.ts'

/** A route table, compiled for choosing. */
export interface Routes {
  /** A frozen copy of what was applied. */
  readonly table: RouteTable
  /** Every pool that some request can reach. Others are not compiled, so that nothing can choose them. */
  readonly pools: readonly RoutedPool[]
  readonly weighted: Lane
  /** Only where the table has rules or an affinity: all other requests pay nothing for them. */
  readonly steer: Steering | undefined
  /** Only where the table copies requests. */
  readonly mirror: MirrorRoute | undefined
}

/** What makes instances: for requests, and on connections of their own for copies of requests. */
export interface InstanceMakers {
  readonly routed: InstanceMaker
  readonly copied: InstanceMaker
}

/** Compiles an accepted table. `phase` is where the weighted sequences start. */
export function compileRoutes(
  table: RouteTable,
  { routed, copied }: InstanceMakers,
  phase: number,
): Routes {
  const named = steeredReleases(table)
  const pools = table.pools
    .filter(({ release, weight }) => weight > 0 || named.has(release))
    .map(({ release, weight, instances }) => ({
      release,
      weight,
      instances: instances.map((one) => routed(release, one)),
      turn: 0,
    }))
  const steer = compileSteering(table, pools, phase)
  const mirror = compileMirror(table, copied, phase)
  return { table, pools, weighted: laneOf(pools, phase), steer, mirror }
}

/** The instance for a new request: the pool by weight, within it the least busy; undefined where nothing is routed. */
export function choose(routes: Routes, raw: RawHeaders): RoutedInstance | undefined {
  const { pools, sequence } = routes.steer?.(raw) ?? routes.weighted
  const pool = pools.length > 1 ? pools[sequence.next()] : pools[0]
  return pool && leastBusy(pool, [])
}

/**
 * The instance for a request that `tried` could not take: of the same release where that has another one, else of the
 * pool with the greatest weight that does. A rule or a cohort leaves no other pool to choose from. Leaves the weighted
 * sequence as it is.
 */
export function chooseAgain(
  routes: Routes,
  raw: RawHeaders,
  release: string,
  tried: readonly RoutedInstance[],
): RoutedInstance | undefined {
  const { pools } = routes.steer?.(raw) ?? routes.weighted
  const own = pools.filter((pool) => pool.release === release)
  const others = pools.filter((pool) => pool.release !== release)
  others.sort((a, b) => b.weight - a.weight)
  for (const pool of [...own, ...others]) {
    const found = leastBusy(pool, tried)
    if (found) return found
  }
  return undefined
}

/** The instance with the fewest requests in flight, ties in turn, without those that were `tried`. */
export function leastBusy(
  pool: RoutedPool,
  tried: readonly RoutedInstance[],
): RoutedInstance | undefined {
  const { instances } = pool
  let best: RoutedInstance | undefined
  pool.turn = (pool.turn + 1) % instances.length
  for (let i = 0; i < instances.length; i++) {
    const one = instances[(pool.turn + i) % instances.length]
    if (one === undefined || wasTried(one, tried)) continue
    if (best === undefined || one.inFlight.active < best.inFlight.active) best = one
    if (best.inFlight.active === 0) break
  }
  return best
}

/** By name, not by identity: a table that came in between compiles the same instance anew. */
function wasTried(one: RoutedInstance, tried: readonly RoutedInstance[]): boolean {
  return tried.some(({ id, address }) => id === one.id && address === one.address)
}
