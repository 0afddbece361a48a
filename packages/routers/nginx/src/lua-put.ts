import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { rm } from 'node:fs/promises'
import { parseAddress, type RouteTable, routesAlike, staleTable } from '@changeover/engine'
import type { DriverParts } from './driver-parts.ts'
import type { LuaControl } from './lua-control.ts'
import { luaStamp, luaTable, parseLuaTable } from './lua-table.ts'
import { readText, replaceFile } from './owned-files.ts'
import { type Answer, APPLIED, indeterminate, rejected, unreachable } from './service-driver.ts'
import { problemOf } from './problem-of.ts'

/** What is to be put. */
export interface LuaPut {
  readonly table: RouteTable
  /** Whether the writer's lock is still ours. */
  readonly held: () => Promise<boolean>
}

/** Saves a table for nginx to begin with after a restart, puts it into shared memory, and reads it back. */
export async function putLuaTable(
  parts: DriverParts,
  control: LuaControl,
  { table, held }: LuaPut,
): Promise<Answer> {
  const { paths, settings } = parts
  const live = await control.tryTable()
  if (live === undefined)
    return unreachable(
      `nginx does not answer on port ${settings.control.port}, or not for this service`,
    )
  const saved = await savedText(paths.table)
  const stale = [live, saved ?? ''].map((text) => staleText(text, table)).find(Boolean)
  if (stale !== undefined) return rejected(stale)
  if (live === saved && isSame(parseLuaTable(live), table)) return APPLIED
  const text = await compiled(table)
  if (typeof text !== 'string') return rejected(text.problem)
  if (!(await held())) return indeterminate('another adapter took over the lock')
  try {
    await replaceFile(paths.table, text)
  } catch (error) {
    return rejected(`the table could not be saved (${problemOf(error)})`)
  }
  return put(parts, control, { text, live, saved })
}

/** Why a table must not follow this text. One that somebody changed still says who wrote it. */
function staleText(text: string, next: RouteTable): string | undefined {
  const known = parseLuaTable(text)
  return staleTable(known ?? { ...next, ...luaStamp(text) }, next)
}

interface Putting {
  readonly text: string
  readonly live: string
  readonly saved: string | undefined
}

async function put(
  { paths }: DriverParts,
  control: LuaControl,
  { text, live, saved }: Putting,
): Promise<Answer> {
  const answer = await control.put(text)
  const now = await control.tryTable()
  if (now === text) return APPLIED
  const problem =
    'problem' in answer ? answer.problem : `it answers ${answer.status} ${answer.body}`
  const reason = `nginx did not take the table: ${problem}`
  if (now === undefined) return indeterminate(reason)
  // Somebody's newer table may be there by now: a restart must not bring back what was before it.
  const kept = now === live || now === '' ? saved : now
  try {
    if (kept === undefined) await rm(paths.table, { force: true })
    else await replaceFile(paths.table, kept)
  } catch (error) {
    return indeterminate(`${reason}; and the file could not be put back (${problemOf(error)})`)
  }
  return now === live ? rejected(reason) : indeterminate(reason)
}

function isSame(now: RouteTable | undefined, next: RouteTable): boolean {
  return now?.revision === next.revision && now.fence === next.fence && routesAlike(now, next)
}

/** The table as text, its names looked up: the Lua program connects to addresses only. */
async function compiled(table: RouteTable): Promise<string | { readonly problem: string }> {
  const addresses = table.pools.flatMap(({ instances }) => instances.map(({ address }) => address))
  const hosts = new Set(addresses.flatMap((address) => parseAddress(address)?.host ?? []))
  const ips = new Map<string, string>()
  for (const host of hosts) {
    if (isIP(host) > 0) continue
    const found = await lookup(host).catch(() => undefined)
    if (!found) return { problem: `host "${host}" was not found` }
    ips.set(host, found.address)
  }
  return luaTable(table, ips)
}

/** The saved table; undefined where there is none, or none that can be read. */
export async function savedText(path: string): Promise<string | undefined> {
  return readText(path).catch(() => undefined)
}
