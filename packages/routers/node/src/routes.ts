import { checkRouteTable, type Pool, type RouteTable } from '@changeover/engine'
import type { RawHeaders } from './headers.ts'
import { type Lane, laneOf, type RoutedInstance, type RoutedPool } from './routed-pool.ts'
import { compileSteering, steeredReleases, type Steering, steeringProblem } from './steering.ts'
import { parseAddress } from './address.ts'
import { routerError } from './router-error.ts'

/** A route table, compiled for choosing. */
export interface Routes {
  /** A frozen copy of what was applied. */
  readonly table: RouteTable
  /** Every pool that some request can reach. Others are not compiled, so that nothing can choose them. */
  readonly pools: readonly RoutedPool[]
  readonly weighted: Lane
  /** Only where the table has rules or an affinity: all other requests pay nothing for them. */
  readonly steer: Steering | undefined
}

/**
 * A frozen copy of `table`, if it can be routed.
 *
 * @throws ChangeoverError `CHANGEOVER_WEIGHTS_INVALID`, `CHANGEOVER_ROUTER_TABLE_INVALID`
 */
export function acceptTable(table: RouteTable): RouteTable {
  const copy = deepFreeze(structuredClone(table))
  checkRouteTable(copy)
  const problem = tableProblem(copy)
  if (problem === undefined) return copy
  throw routerError('CHANGEOVER_ROUTER_TABLE_INVALID', { service: copy.service, problem })
}

function tableProblem(table: RouteTable): string | undefined {
  const { revision, fence, pools, mirror } = table
  if (!Number.isSafeInteger(revision)) return `revision ${revision} is not a whole number`
  if (!Number.isSafeInteger(fence)) return `fence ${fence} is not a whole number`
  if (mirror && mirror.weight > 0) return 'it mirrors requests, which this router cannot do'
  const bad = pools
    .flatMap(({ instances }) => instances)
    .find(({ address }) => parseAddress(address) === undefined)
  if (bad) return `instance "${bad.id}" has address "${bad.address}"`
  return steeringProblem(table)
}

/** Compiles an accepted table. `phase` is where the weighted sequences start. */
export function compileRoutes(
  table: RouteTable,
  instance: (release: string, instance: Pool['instances'][number]) => RoutedInstance,
  phase: number,
): Routes {
  const named = steeredReleases(table)
  const pools = table.pools
    .filter(({ release, weight }) => weight > 0 || named.has(release))
    .map(({ release, weight, instances }) => ({
      release,
      weight,
      instances: instances.map((one) => instance(release, one)),
      turn: 0,
    }))
  const steer = compileSteering(table, pools, phase)
  return { table, pools, weighted: laneOf(pools, phase), steer }
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

function leastBusy(pool: RoutedPool, tried: readonly RoutedInstance[]): RoutedInstance | undefined {
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
