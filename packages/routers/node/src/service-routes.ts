import {
  type ObservedRoutes,
  type Pool,
  type Proof,
  type Receipt,
  type RouteTable,
  routesAlike,
} from '@changeover/engine'
import { parseAddress } from './address.ts'
import type { InFlight } from './in-flight.ts'
import type { RoutedInstance } from './routed-pool.ts'
import { acceptTable, compileRoutes, type Routes } from './routes.ts'
import { routerError } from './router-error.ts'
import type { Traffic } from './traffic.ts'
import { type Endpoint, endpoint, type UpstreamLimits } from './upstream-pool.ts'

/** The routes of one service, and the connections to the instances in them. */
export interface ServiceRoutes {
  /** The routes in force; undefined before the first table. */
  readonly current: () => Routes | undefined
  /** @throws ChangeoverError where the table cannot be routed; an older one is answered, not thrown */
  apply(table: RouteTable): Receipt
  observe(): ObservedRoutes
  /** What is known now of the receipt's table. In one process that never changes by waiting. */
  prove(receipt: Receipt): Proof
  /** Routes nothing any more, and closes every connection. */
  close(): void
}

/** What the routes of a service count into. */
export interface ServiceCounts {
  readonly inFlight: InFlight
  readonly traffic: Traffic
}

/** The routes of `service`: none at first. `phase` is where its weighted sequence starts. */
export function serviceRoutes(
  service: string,
  { inFlight, traffic }: ServiceCounts,
  limits: UpstreamLimits,
  phase: number,
): ServiceRoutes {
  const endpoints = new Map<string, Endpoint>()
  let routes: Routes | undefined

  const endpointOf = (address: string): Endpoint => {
    const known = endpoints.get(address)
    if (known) return known
    const parsed = parseAddress(address)
    if (!parsed) throw routerError('CHANGEOVER_ROUTER_TABLE_INVALID', { service, problem: address })
    const made = endpoint(parsed, limits)
    endpoints.set(address, made)
    return made
  }

  const instanceOf = (
    release: string,
    { id, address }: Pool['instances'][number],
  ): RoutedInstance => ({
    id,
    release,
    address,
    endpoint: endpointOf(address),
    inFlight: inFlight.of(id),
    tally: traffic.of(release),
  })

  const force = (table: RouteTable): void => {
    traffic.seen(table.pools.map(({ release }) => release))
    routes = compileRoutes(table, instanceOf, routes?.weighted.sequence.phase() ?? phase)
    retireOthers(endpoints, table)
    inFlight.route(routedIds(routes))
  }

  return {
    current: () => routes,
    apply(table) {
      const accepted = acceptTable(table)
      const { revision } = accepted
      const reason = staleReason(routes?.table, accepted)
      if (reason !== undefined) return { service, revision, outcome: 'rejected', reason }
      if (!isInForce(routes?.table, accepted)) force(accepted)
      return { service, revision, outcome: 'applied' }
    },
    observe: () => observed(service, routes?.table),
    prove: (receipt) => proof(receipt, routes?.table, inFlight.active),
    close() {
      routes = undefined
      for (const { destroy } of endpoints.values()) destroy()
      endpoints.clear()
      inFlight.route(new Set())
    },
  }
}

function retireOthers(endpoints: Map<string, Endpoint>, { pools }: RouteTable): void {
  const named = new Set(pools.flatMap(({ instances }) => instances.map(({ address }) => address)))
  for (const [address, { retire }] of endpoints) {
    if (named.has(address)) continue
    endpoints.delete(address)
    retire()
  }
}

function routedIds({ pools }: Routes): Set<string> {
  return new Set(pools.flatMap(({ instances }) => instances.map(({ id }) => id)))
}

/** Why `next` must not replace `current`; undefined where it may, or is the same. */
function staleReason(current: RouteTable | undefined, next: RouteTable): string | undefined {
  if (!current) return undefined
  const { revision, fence } = current
  if (next.fence < fence) return `fence ${next.fence} is older than ${fence}, which is in force`
  if (next.revision < revision)
    return `revision ${next.revision} is older than ${revision}, which is in force`
  if (next.revision === revision && !routesAlike(current, next))
    return `revision ${revision} is in force with other routes`
  return undefined
}

function isInForce(current: RouteTable | undefined, { revision, fence }: RouteTable): boolean {
  return current?.revision === revision && current.fence === fence
}

function observed(service: string, table: RouteTable | undefined): ObservedRoutes {
  const { revision = 0, fence = 0 } = table ?? {}
  return { service, table, revision, fence, converged: table !== undefined, drift: [] }
}

function proof(
  { revision, outcome, reason }: Receipt,
  table: RouteTable | undefined,
  inFlight: number,
): Proof {
  const converged = outcome === 'applied' && table?.revision === revision
  const evidence = converged
    ? `each request reads its route in this process, and revision ${revision} is in force; ${inFlight} in flight`
    : `revision ${table?.revision ?? 0} is in force; revision ${revision} was ${outcome}${reason ? `: ${reason}` : ''}`
  return { revision, converged, level: 'observed', evidence }
}
