import type { Pool, RouteTable } from '@changeover/engine'
import { caddyConfig } from '../src/caddy-config.ts'
import { routeState } from '../src/route-state.ts'

/** All traffic to one instance of release `a`. */
export function table(): RouteTable {
  const instances = [{ id: 'a-1', address: 'a:1' }]
  return {
    service: 'shop',
    revision: 1,
    fence: 1,
    pools: [{ release: 'a', weight: 10_000, instances }],
  }
}

/** What Caddy says once the adapter wrote a table. */
export function wholeState(table: RouteTable, left: Pool['instances'] = []) {
  const handle = caddyConfig({ id: 'shop', table, left })
  const body = JSON.stringify({ '@id': 'shop', handle })
  const state = routeState('shop', { kind: 'answer', status: 200, body, etag: '"e"' })
  if (state.kind !== 'route' || !state.kept) throw new Error('no record')
  return { ...state, kept: state.kept }
}
