import type { RouteTable } from '@changeover/engine'
import { liveDrift, type LiveRoutes, liveTable } from './live-routes.ts'
import type { ServiceSettings } from './options.ts'

/** What the adapter remembers of a service between two looks. */
export interface Memory {
  /** The table that this adapter applied last, as long as nobody replaced it by a newer one. */
  readonly table: RouteTable | undefined
  /** The process that was seen last. */
  readonly pid: number | undefined
  /** What the listeners were told last. */
  readonly told: string
}

/** What a look comes to. */
export interface LookResult {
  readonly memory: Memory
  /** To be told to the listeners; empty for nothing new. */
  readonly drift: readonly string[]
  /** To be put in force again, since HAProxy forgot it. */
  readonly reassert: RouteTable | undefined
}

/** Nothing is known yet. */
export const NO_MEMORY: Memory = { table: undefined, pid: undefined, told: '' }

/** Compares what HAProxy shows with what it showed before. Pure. */
export function lookAt(
  memory: Memory,
  live: LiveRoutes,
  service: Pick<ServiceSettings, 'name'>,
): LookResult {
  const current = liveTable(live, service)
  const fell = memory.table && isBehind(current, memory.table) ? memory.table : undefined
  const newer = memory.table && current && isBehind(memory.table, current)
  const drift = [
    ...(fell ? [forgot(memory, live, current, fell)] : []),
    ...(newer
      ? [`revision ${current.revision} under fence ${current.fence} is somebody else's`]
      : []),
    ...liveDrift(live, service),
  ]
  const told = drift.join('\n')
  const table = newer ? undefined : memory.table
  const next = { table, pid: live.pid, told }
  return { memory: next, drift: told === memory.told ? [] : drift, reassert: fell }
}

function isBehind(current: RouteTable | undefined, table: RouteTable): boolean {
  if (!current) return true
  return (
    current.revision < table.revision ||
    (current.revision === table.revision && current.fence < table.fence)
  )
}

function forgot(
  { pid }: Memory,
  live: LiveRoutes,
  current: RouteTable | undefined,
  table: RouteTable,
): string {
  const how = pid === undefined || pid === live.pid ? 'was set back' : `restarted as ${live.pid}`
  return `HAProxy ${how} and came to revision ${current?.revision ?? 0}; revision ${table.revision} is put back`
}
