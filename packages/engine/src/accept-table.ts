import { parseAddress } from './address.ts'
import { refuse } from './changeover-error.ts'
import { type RoutingProblem, routingProblem } from './check-routing.ts'
import { checkRouteTable, type RouteTable, routesAlike } from './route-table.ts'
import type { RouterCapabilities } from './router.ts'

/**
 * A frozen copy of `table`, if a router with these capabilities can put it in force as it is. For routers: what an
 * adapter does first with a table.
 *
 * @throws ChangeoverError `CHANGEOVER_WEIGHTS_INVALID`, `CHANGEOVER_ROUTER_TABLE_INVALID`, `CHANGEOVER_ROUTER_NOT_REPRESENTABLE`
 */
export function acceptRouteTable(table: RouteTable, capabilities: RouterCapabilities): RouteTable {
  const copy = deepFreeze(structuredClone(table))
  checkRouteTable(copy)
  const { service } = copy
  const problem = tableProblem(copy)
  if (problem !== undefined) throw refuse('CHANGEOVER_ROUTER_TABLE_INVALID', { service, problem })
  const weights = Object.fromEntries(copy.pools.map(({ release, weight }) => [release, weight]))
  const beyond = routingProblem({ ...copy, weights }, capabilities)
  if (beyond) throw notRepresentable(service, beyond)
  return copy
}

/** Why `next` must not replace `current` in a router; undefined where it may, or is the same. */
export function staleTable(current: RouteTable | undefined, next: RouteTable): string | undefined {
  if (!current) return undefined
  const { revision, fence } = current
  if (next.fence < fence) return `fence ${next.fence} is older than ${fence}, which is in force`
  if (next.revision < revision)
    return `revision ${next.revision} is older than ${revision}, which is in force`
  if (next.revision === revision && !routesAlike(current, next))
    return `revision ${revision} is in force with other routes`
  return undefined
}

function notRepresentable(service: string, { problem, remedy }: RoutingProblem): Error {
  return refuse('CHANGEOVER_ROUTER_NOT_REPRESENTABLE', { service, problem, remedy })
}

function tableProblem({
  revision,
  fence,
  pools,
  rules = [],
  affinity,
}: RouteTable): string | undefined {
  if (!Number.isSafeInteger(revision)) return `revision ${revision} is not a whole number`
  if (!Number.isSafeInteger(fence)) return `fence ${fence} is not a whole number`
  const instances = pools.flatMap((pool) => pool.instances)
  const bad = instances.find(({ address }) => parseAddress(address) === undefined)
  if (bad) return `instance "${bad.id}" has address "${bad.address}"`
  const texts: readonly unknown[] = [
    ...pools.map(({ release }) => release),
    ...instances.map(({ id }) => id),
    ...rules.flatMap(({ header = '', cookie = '', value = '' }) => [header, cookie, value]),
    ...(affinity ? [affinity.salt, affinity.header ?? affinity.cookie] : []),
  ]
  const whole = texts.every((text) => typeof text === 'string')
  return whole ? undefined : 'it has something else where it needs text'
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
