import { isDeepStrictEqual } from 'node:util'
import { type Pool, type RouteTable, staleTable } from '@changeover/engine'
import type { AdminCall } from './admin.ts'
import { caddyConfig } from './caddy-config.ts'
import { fieldsOf } from './json.ts'
import type { ServiceSettings } from './options.ts'
import type { RouteState } from './route-state.ts'

/** What is to be done about a table. */
export type Change =
  | { readonly kind: 'none' }
  | { readonly kind: 'reject'; readonly reason: string }
  | { readonly kind: 'write'; readonly call: AdminCall }

/** What is known when that is decided. */
export interface ChangeInput {
  readonly table: RouteTable
  readonly service: Pick<ServiceSettings, 'id' | 'create' | 'proxy'>
  readonly state: Exclude<RouteState, { kind: 'unreadable' }>
  /** Requests in flight by address; undefined where Caddy did not tell. */
  readonly inFlight: ReadonlyMap<string, number> | undefined
  /** The server in which the route would be made, where it is missing. */
  readonly server?: { readonly etag: string | undefined; readonly value: unknown } | undefined
}

/** The one call that puts the table in force, or why there is none. Pure. */
export function decideChange(input: ChangeInput): Change {
  const { table, service, state } = input
  const { id, proxy } = service
  if (state.kind === 'missing') return creation(input)
  const { kept, handle, etag } = state
  const stale = staleTable(kept?.table, table)
  if (stale !== undefined) return { kind: 'reject', reason: stale }
  const same = caddyConfig({ id, table, left: kept?.left ?? [], proxy })
  if (isDeepStrictEqual(handle, same)) return { kind: 'none' }
  const left = stillLeft(input)
  const path = `/id/${id}/handle`
  const method = handle === undefined ? 'PUT' : 'PATCH'
  const body = JSON.stringify(caddyConfig({ id, table, left, proxy }))
  return { kind: 'write', call: { method, path, body, ifMatch: etag } }
}

function creation({ table, service, server }: ChangeInput): Change {
  const { id, create, proxy } = service
  if (!create)
    return {
      kind: 'reject',
      reason: `Caddy has no route with the @id "${id}", and none is to be created`,
    }
  const fields = fieldsOf(server?.value)
  if (!server || Object.keys(fields).length === 0)
    return { kind: 'reject', reason: `Caddy has no HTTP server "${create.server}"` }
  const route = {
    '@id': id,
    ...(create.hosts ? { match: [{ host: create.hosts }] } : {}),
    handle: caddyConfig({ id, table, proxy }),
    terminal: true,
  }
  const routes = `/config/apps/http/servers/${encodeURIComponent(create.server)}/routes`
  const listed = Array.isArray(fields['routes'])
  const path = listed ? `${routes}/0` : routes
  const body = JSON.stringify(listed ? route : [route])
  return { kind: 'write', call: { method: 'PUT', path, body, ifMatch: server.etag } }
}

/**
 * Who is to be counted on: whom this table takes out of the routes, and who left before and is not known to have ended. Caddy
 * forgets the requests of an address that its configuration names nowhere.
 */
function stillLeft({ table, state, inFlight }: ChangeInput): Pool['instances'] {
  const kept = state.kind === 'route' ? state.kept : undefined
  const leaving = kept?.table.pools.flatMap(({ instances }) => instances) ?? []
  const busy = (kept?.left ?? []).filter(({ address }) => inFlight?.get(address) !== 0)
  const all = new Map([...busy, ...leaving].map((one) => [one.id, one]))
  for (const { id } of table.pools.flatMap(({ instances }) => instances)) all.delete(id)
  return [...all.values()]
}
