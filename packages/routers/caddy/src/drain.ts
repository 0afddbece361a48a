import type { DrainReport } from '@changeover/engine'
import type { OldServers } from './admin-facts.ts'
import type { RouteState } from './route-state.ts'

/** What is known of instances that are to have no request any more. */
export interface DrainInput {
  readonly instances: readonly string[]
  readonly state: Exclude<RouteState, { kind: 'unreadable' }>
  /** By address; undefined where Caddy does not tell. */
  readonly inFlight: ReadonlyMap<string, number> | undefined
  readonly old: OldServers | undefined
}

/** How far the instances are drained. Pure. */
export function judgeDrain({ instances, state, inFlight, old }: DrainInput): DrainReport {
  const kept = state.kind === 'route' ? state.kept : undefined
  const routed = kept?.table.pools.flatMap((pool) => pool.instances) ?? []
  const known = new Map([...(kept?.left ?? []), ...routed].map(({ id, address }) => [id, address]))
  const addresses = new Set(instances.flatMap((id) => known.get(id) ?? []))
  const counts = [...addresses].map((address) => countOf(address, inFlight, old))
  // Without a record nobody knows which addresses they had.
  const told = kept !== undefined && !counts.includes('unknown')
  const sum = counts.reduce<number>((total, count) => total + (count === 'unknown' ? 0 : count), 0)
  const stillRouted = routed.some(({ id }) => instances.includes(id))
  const count = told ? sum : 'unknown'
  return { drained: count === 0 && !stillRouted, inFlight: count, longLived: 0, forced: 0 }
}

/** An address that Caddy no longer lists may have requests of an earlier configuration, which it does not count. */
function countOf(
  address: string,
  inFlight: DrainInput['inFlight'],
  old: OldServers | undefined,
): number | 'unknown' {
  return inFlight?.get(address) ?? (inFlight && old?.stopping === 0 ? 0 : 'unknown')
}
