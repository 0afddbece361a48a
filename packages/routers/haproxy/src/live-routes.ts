import type { Instance, ObservedRoutes, RouteTable } from '@changeover/engine'
import { slotName } from './service-names.ts'
import type { ServiceSettings } from './options.ts'
import { instancesDigest, isNoRoutes, type ReadText, type TextPool } from './route-text.ts'
import type { LiveServer } from './runtime-reply.ts'

/** What HAProxy itself says of a service. */
export interface LiveRoutes {
  readonly pid: number
  /** Undefined where HAProxy knows no table. */
  readonly read: ReadText | undefined
  /** The configuration that is loaded; undefined where it has no such service. */
  readonly shape: string | undefined
  /** Servers by the name of the backend. */
  readonly servers: ReadonlyMap<string, readonly LiveServer[]>
}

type PoolInstance = RouteTable['pools'][number]['instances'][number]

/** The servers of a slot. */
export function serversOf(
  { servers }: Pick<LiveRoutes, 'servers'>,
  service: string,
  slot: number,
): readonly LiveServer[] {
  return servers.get(slotName(service, slot)) ?? []
}

/** The table in force: weights and rules as HAProxy follows them, and those instances that may get requests. */
export function liveTable(
  live: LiveRoutes,
  { name }: Pick<ServiceSettings, 'name'>,
): RouteTable | undefined {
  const text = live.read?.text
  if (!text || isNoRoutes(text)) return undefined
  const { revision, fence, rules, affinity } = text
  const pools = text.pools.map(({ release, weight, slot }) => {
    return { release, weight, instances: openInstances(serversOf(live, name, slot)) }
  })
  return {
    service: name,
    revision,
    fence,
    pools,
    ...(rules.length > 0 ? { rules } : {}),
    ...(affinity ? { affinity } : {}),
  }
}

/** What differs from the table last applied: servers taken out, added, moved or weighed by others, or another text. */
export function liveDrift(
  live: LiveRoutes,
  { name }: Pick<ServiceSettings, 'name'>,
): readonly string[] {
  const { read } = live
  if (!read) return []
  if (!read.text) return ['its table was replaced by something that is none']
  const altered = read.whole ? [] : ['its split was altered by hand']
  return [...altered, ...read.text.pools.flatMap((pool) => poolDrift(live, name, pool))]
}

/** Whether a slot has exactly these servers, and each is as an adapter leaves it. */
export function isPristine(servers: readonly LiveServer[], digest: string): boolean {
  const open = servers.filter(({ open }) => open)
  return open.every(({ fit }) => fit) && instancesDigest(named(open)) === digest
}

/** What the adapter makes of it. `settled` is whether no replaced worker goes on by an older table. */
export function observedRoutes(
  live: LiveRoutes,
  service: ServiceSettings,
  settled: boolean,
): ObservedRoutes {
  const table = liveTable(live, service)
  const { revision = 0, fence = 0 } = table ?? {}
  const drift = liveDrift(live, service)
  const converged = table !== undefined && settled && drift.length === 0
  return { service: service.name, table, revision, fence, converged, drift }
}

function poolDrift(
  live: LiveRoutes,
  service: string,
  { release, slot, digest }: TextPool,
): readonly string[] {
  if (slot === 0) return []
  const servers = serversOf(live, service, slot)
  if (isPristine(servers, digest)) return []
  const open = servers.filter(({ open }) => open)
  const odd = open.find(({ fit }) => !fit)
  const seen = open.map(({ id, name, address }) => `${id ?? name} at ${address}`).join(', ')
  const what = odd ? `"${odd.id ?? odd.name}" is down or weighed by hand` : 'others were applied'
  return [`release "${release}" is served by ${seen || 'nobody'}, and ${what}`]
}

function openInstances(servers: readonly LiveServer[]): PoolInstance[] {
  return named(servers.filter(({ open }) => open))
}

function named(servers: readonly LiveServer[]): Pick<Instance, 'id' | 'address'>[] {
  return servers.map(({ id, name, address }) => ({ id: id ?? name, address }))
}
