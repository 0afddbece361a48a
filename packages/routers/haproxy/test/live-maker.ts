import type { RouteTable } from '@changeover/engine'
import { shapeOf } from '../src/config.ts'
import type { LiveRoutes } from '../src/live-routes.ts'
import { decodeName } from '../src/name-code.ts'
import type { ServiceSettings } from '../src/options.ts'
import { decodeText, encodeText } from '../src/route-text.ts'
import type { LiveServer } from '../src/runtime-reply.ts'
import { slotName } from '../src/service-names.ts'
import { planSlots, type SlotPlan, type SlotServer } from '../src/slot-plan.ts'

/** An HAProxy that serves nobody yet. */
export function idle(service: ServiceSettings): LiveRoutes {
  return { pid: 1, read: undefined, shape: shapeOf(service), servers: new Map() }
}

/** What HAProxy shows after a table was put in force. */
export function follow(service: ServiceSettings, live: LiveRoutes, table: RouteTable): LiveRoutes {
  const plan = planSlots(service, live, table)
  if (!plan) throw new Error('no slot was free')
  return followPlan(service, live, table, plan)
}

export function followPlan(
  service: ServiceSettings,
  live: LiveRoutes,
  table: RouteTable,
  { pools, fills }: SlotPlan,
): LiveRoutes {
  const { revision, fence, rules = [], affinity } = table
  const text = { revision, fence, nonce: `n${revision}`, pools, rules, affinity, claims: [] }
  const servers = new Map(live.servers)
  for (const { slot, servers: wanted } of fills)
    servers.set(slotName(service.name, slot), wanted.map(liveServer))
  return { ...live, servers, read: decodeText(encodeText(text, service), service) }
}

/** The same, with each server of a pool changed. */
export function changed(
  service: ServiceSettings,
  live: LiveRoutes,
  slot: number,
  change: (server: LiveServer) => LiveServer,
): LiveRoutes {
  const name = slotName(service.name, slot)
  const servers = new Map(live.servers)
  servers.set(name, (servers.get(name) ?? []).map(change))
  return { ...live, servers }
}

function liveServer({ name, address }: SlotServer): LiveServer {
  const id = decodeName(name)
  return { name, id, address, open: true, fit: true }
}
