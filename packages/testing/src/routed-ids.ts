import type { RouteTable } from '@changeover/engine'

const known = new WeakMap<RouteTable, ReadonlySet<string>>()
const none: ReadonlySet<string> = new Set()

/** Ids of the instances that a table names. Remembered per table. */
export function routedIds(table: RouteTable | undefined): ReadonlySet<string> {
  if (!table) return none
  const ids =
    known.get(table) ??
    new Set(table.pools.flatMap(({ instances }) => instances.map(({ id }) => id)))
  known.set(table, ids)
  return ids
}
