import { refuse } from './changeover-error.ts'
import type { Pool } from './pool.ts'
import { extrasAlike, extrasProblem, type Routing } from './route-rule.ts'

/** All of a service's traffic, in basis points. */
export const FULL_WEIGHT = 10_000

/**
 * The absolute desired routing of one service. The weights of its pools sum to {@link FULL_WEIGHT}, or there is no pool at
 * all (nothing is served yet).
 */
export interface RouteTable extends Routing {
  readonly service: string
  /** Grows with every table of the service; an older one is refused. */
  readonly revision: number
  /** Fence of the lease under which it was written; an older one is refused. */
  readonly fence: number
}

/**
 * The table itself, if its weights are whole basis points that sum to {@link FULL_WEIGHT} and every pool with weight
 * has an instance.
 *
 * @throws ChangeoverError `CHANGEOVER_WEIGHTS_INVALID`
 */
export function checkRouteTable(table: RouteTable): RouteTable {
  const problem = tableProblem(table)
  if (problem === undefined) return table
  throw refuse('CHANGEOVER_WEIGHTS_INVALID', { service: table.service, problem })
}

function tableProblem({ pools, ...extras }: RouteTable): string | undefined {
  const served = new Set(pools.flatMap((one) => (one.instances.length > 0 ? [one.release] : [])))
  const misplaced = extrasProblem(extras, served)
  if (misplaced !== undefined) return misplaced
  if (pools.length === 0) return undefined
  const odd = pools.find(({ weight }) => !Number.isInteger(weight) || weight < 0)
  if (odd) return `pool "${odd.release}" has weight ${odd.weight}`
  const empty = pools.find(({ weight, instances }) => weight > 0 && instances.length === 0)
  if (empty) return `pool "${empty.release}" has weight ${empty.weight} and no instance`
  if (new Set(pools.map(({ release }) => release)).size < pools.length)
    return 'a release appears in two pools'
  const ids = pools.flatMap(({ instances }) => instances.map(({ id }) => id))
  if (new Set(ids).size < ids.length) return 'an instance appears twice'
  const sum = pools.reduce((total, { weight }) => total + weight, 0)
  return sum === FULL_WEIGHT ? undefined : `weights sum to ${sum}`
}

const routedIds = new WeakMap<RouteTable, ReadonlySet<string>>()

/** Whether a table names an instance. Remembered per table, so that asking for each of ten thousand stays linear. */
export function isRouted(table: RouteTable, id: string): boolean {
  const known = routedIds.get(table)
  if (known) return known.has(id)
  const ids = new Set(table.pools.flatMap(({ instances }) => instances.map((one) => one.id)))
  routedIds.set(table, ids)
  return ids.has(id)
}

/** Whether two tables route alike, in whatever order; revision and fence aside. */
export function routesAlike(a: RouteTable, b: RouteTable): boolean {
  if (a.service !== b.service || a.pools.length !== b.pools.length) return false
  if (!extrasAlike(a, b)) return false
  const pools = new Map(b.pools.map((pool) => [pool.release, pool]))
  return a.pools.every((pool) => {
    const other = pools.get(pool.release)
    return other !== undefined && poolsAlike(pool, other)
  })
}

function poolsAlike(a: Pool, b: Pool): boolean {
  if (a.weight !== b.weight || a.instances.length !== b.instances.length) return false
  // Mostly the order is the same too, which is cheaper to see.
  const inOrder = a.instances.every((one, i) => sameInstance(one, b.instances[i]))
  if (inOrder) return true
  const others = new Map(b.instances.map((one) => [one.id, one]))
  return a.instances.every((one) => sameInstance(one, others.get(one.id)))
}

function sameInstance(
  a: Pool['instances'][number],
  b: Pool['instances'][number] | undefined,
): boolean {
  return a.id === b?.id && a.address === b.address
}

/**
 * Shares {@link FULL_WEIGHT} in proportion to `counts`, by largest remainder; ties go to the earlier one.
 * Whoever counts more than zero gets at least one basis point.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` for a count that is none
 *
 * @example
 * ```ts
 * proportionalWeights([5, 3]) // [6250, 3750]
 * ```
 */
export function proportionalWeights(counts: readonly number[]): number[] {
  const odd = counts.find((count) => !(Number.isFinite(count) && count >= 0))
  if (odd !== undefined) {
    const problem = 'it is not a count'
    const remedy = 'Give finite numbers that are not negative.'
    throw refuse('CHANGEOVER_OPTION_INVALID', { field: 'counts', value: odd, problem, remedy })
  }
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return counts.map(() => 0)
  const exact = counts.map((count) => (count * FULL_WEIGHT) / total)
  const weights = exact.map((share, i) => Math.max(Math.floor(share), (counts[i] ?? 0) > 0 ? 1 : 0))
  return settle(weights, exact)
}

/** Adds or takes single basis points where the exact share was missed most, until the sum is full. */
function settle(weights: number[], exact: readonly number[]): number[] {
  const missing = (): number => FULL_WEIGHT - weights.reduce((sum, weight) => sum + weight, 0)
  for (let left = missing(); left !== 0; left = missing()) {
    const step = Math.sign(left)
    const misses = weights.map((weight, i) => {
      // A single basis point is taken last: without it the pool would get no traffic at all.
      const spared = step < 0 && weight <= 1 ? FULL_WEIGHT : 0
      return step * ((exact[i] ?? 0) - weight) - spared
    })
    const most = misses.indexOf(Math.max(...misses))
    weights[most] = (weights[most] ?? 0) + step
  }
  return weights
}
