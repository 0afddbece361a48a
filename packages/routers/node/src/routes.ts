import { checkRouteTable, type Pool, type RouteTable } from '@changeover/engine'
import type { InFlightCount } from './in-flight.ts'
import type { Tally } from './traffic.ts'
import type { Endpoint } from './upstream-pool.ts'
import { type WeightedSequence, weightedSequence } from './weighted-choice.ts'
import { parseAddress } from './address.ts'
import { routerError } from './router-error.ts'

/** An instance as requests see it: its connections and its counts at hand. */
export interface RoutedInstance {
  readonly id: string
  readonly release: string
  readonly address: string
  readonly endpoint: Endpoint
  readonly inFlight: InFlightCount
  readonly tally: Tally
}

/** A pool that gets traffic. Pools with weight 0 are not compiled, so that nothing can choose them. */
interface RoutedPool {
  readonly release: string
  readonly weight: number
  readonly instances: readonly RoutedInstance[]
  /** Where the next search for the least busy instance starts; makes ties go round. */
  turn: number
}

/** A route table, compiled for choosing. */
export interface Routes {
  /** A frozen copy of what was applied. */
  readonly table: RouteTable
  readonly pools: readonly RoutedPool[]
  readonly sequence: WeightedSequence
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

function tableProblem({ revision, fence, pools }: RouteTable): string | undefined {
  if (!Number.isSafeInteger(revision)) return `revision ${revision} is not a whole number`
  if (!Number.isSafeInteger(fence)) return `fence ${fence} is not a whole number`
  const bad = pools
    .flatMap(({ instances }) => instances)
    .find(({ address }) => parseAddress(address) === undefined)
  return bad && `instance "${bad.id}" has address "${bad.address}"`
}

/** Compiles an accepted table. `phase` is where the weighted sequence starts. */
export function compileRoutes(
  table: RouteTable,
  instance: (release: string, instance: Pool['instances'][number]) => RoutedInstance,
  phase: number,
): Routes {
  const pools = table.pools
    .filter(({ weight }) => weight > 0)
    .map(({ release, weight, instances }) => ({
      release,
      weight,
      instances: instances.map((one) => instance(release, one)),
      turn: 0,
    }))
  const sequence = weightedSequence(
    pools.map(({ weight }) => weight),
    phase,
  )
  return { table, pools, sequence }
}

/** The instance for a new request: the pool by weight, within it the least busy; undefined where nothing is routed. */
export function choose({ pools, sequence }: Routes): RoutedInstance | undefined {
  const pool = pools.length > 1 ? pools[sequence.next()] : pools[0]
  return pool && leastBusy(pool, [])
}

/**
 * The instance for a request that `tried` could not take: of the same release where that has another one, else of the
 * pool with the greatest weight that does. Leaves the weighted sequence as it is.
 */
export function chooseAgain(
  { pools }: Routes,
  release: string,
  tried: readonly RoutedInstance[],
): RoutedInstance | undefined {
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
