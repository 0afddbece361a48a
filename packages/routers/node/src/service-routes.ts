import {
  acceptRouteTable,
  type ObservedRoutes,
  parseAddress,
  type Proof,
  type Receipt,
  type RouteTable,
  staleTable,
} from '@changeover/engine'
import { CAPABILITIES } from './capabilities.ts'
import type { InFlight } from './in-flight.ts'
import type { InstanceMaker } from './routed-pool.ts'
import { compileRoutes, type Routes } from './routes.ts'
import type { Traffic } from './traffic.ts'
import { type Endpoint, endpoint, type UpstreamLimits } from './upstream-pool.ts'

/** The routes of one service, and the connections to the instances in them. */
export interface ServiceRoutes {
  /** The routes in force; undefined before the first table. */
  readonly current: () => Routes | undefined
  /**
   * What comes of a table: nothing is changed yet.
   *
   * @throws ChangeoverError where the table cannot be routed; an older one is answered, not thrown
   */
  judge(table: RouteTable): Judgement
  /** Makes a table that was judged the one in force, at once. */
  force(table: RouteTable): void
  observe(): ObservedRoutes
  /** What is known now of the receipt's table. In one process that never changes by waiting. */
  prove(receipt: Receipt): Proof
  /** Routes nothing any more, and closes every connection. */
  close(): void
}

/** The answer to a table, and what is to be forced for it to be true; nothing where no route changes. */
export interface Judgement {
  readonly receipt: Receipt
  readonly next?: RouteTable
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
  /** Copies have connections of their own, so that they are in no request's way. */
  const mirrored = new Map<string, Endpoint>()
  let routes: Routes | undefined

  const maker =
    (among: Map<string, Endpoint>): InstanceMaker =>
    (release, { id, address }) => ({
      id,
      release,
      address,
      endpoint: endpointOf(among, address, limits),
      inFlight: inFlight.of(id),
      tally: traffic.of(release),
    })
  const makers = { routed: maker(endpoints), copied: maker(mirrored) }

  const force = (table: RouteTable): void => {
    traffic.seen(table.pools.map(({ release }) => release))
    routes = compileRoutes(table, makers, routes?.weighted.sequence.phase() ?? phase)
    retireOthers(endpoints, table.pools)
    retireOthers(mirrored, routes.mirror ? [routes.mirror.pool] : [])
    inFlight.route(routedIds(routes))
  }

  return {
    current: () => routes,
    judge(table) {
      const next = acceptRouteTable(table, CAPABILITIES)
      const { revision } = next
      const reason = staleTable(routes?.table, next)
      if (reason !== undefined)
        return { receipt: { service, revision, outcome: 'rejected', reason } }
      const receipt = { service, revision, outcome: 'applied' } as const
      return isInForce(routes?.table, next) ? { receipt } : { receipt, next }
    },
    force,
    observe: () => observed(service, routes?.table),
    prove: (receipt) => proof(receipt, routes?.table, inFlight.active),
    close() {
      routes = undefined
      for (const among of [endpoints, mirrored]) {
        for (const { destroy } of among.values()) destroy()
        among.clear()
      }
      inFlight.route(new Set())
    },
  }
}

function endpointOf(
  among: Map<string, Endpoint>,
  address: string,
  limits: UpstreamLimits,
): Endpoint {
  const known = among.get(address)
  if (known) return known
  const parsed = parseAddress(address)
  if (!parsed) throw new TypeError(`${address} was accepted as an address`)
  const made = endpoint(parsed, limits)
  among.set(address, made)
  return made
}

interface Named {
  readonly instances: readonly { readonly address: string }[]
}

function retireOthers(endpoints: Map<string, Endpoint>, pools: readonly Named[]): void {
  const named = new Set(pools.flatMap(({ instances }) => instances.map(({ address }) => address)))
  for (const [address, { retire }] of endpoints) {
    if (named.has(address)) continue
    endpoints.delete(address)
    retire()
  }
}

/** Copies are requests too: an instance that gets them is not drained. */
function routedIds({ pools, mirror }: Routes): Set<string> {
  const reached = mirror ? [...pools, mirror.pool] : pools
  return new Set(reached.flatMap(({ instances }) => instances.map(({ id }) => id)))
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
