import type { RouteTable } from '@changeover/engine'
import { isPristine, type LiveRoutes, serversOf } from './live-routes.ts'
import { encodeName } from './name-code.ts'
import type { ServiceSettings } from './options.ts'
import { type Claim, instancesDigest, type TextPool } from './route-text.ts'
import type { LiveServer } from './runtime-reply.ts'

type Pool = RouteTable['pools'][number]

/** A server as a slot is to have it. */
export interface SlotServer {
  readonly name: string
  readonly address: string
}

/** A slot to be filled before requests go there. */
export interface SlotFill {
  readonly slot: number
  readonly servers: readonly SlotServer[]
}

/** Where the pools of a table go. */
export interface SlotPlan {
  readonly pools: readonly TextPool[]
  /** Slots that are not in force and will be, so that another writer must leave them alone. */
  readonly claimed: readonly number[]
  readonly fills: readonly SlotFill[]
}

/**
 * Chooses a slot for each pool: the one that serves it already, one that has its servers from an earlier table, or one
 * that nobody uses. A slot in force is never changed, so that a table comes into force whole or not at all; undefined
 * where no slot is left.
 */
export function planSlots(
  service: ServiceSettings,
  live: LiveRoutes,
  { pools }: Pick<RouteTable, 'pools'>,
): SlotPlan | undefined {
  const text = live.read?.text
  const inForce = new Map(text?.pools.map(({ release, slot }) => [release, slot]))
  const free = freeSlots(service, live, text?.claims ?? [])
  const fills: SlotFill[] = []
  const claimed: number[] = []
  const planned: TextPool[] = []
  for (const pool of pools) {
    const digest = instancesDigest(pool.instances)
    const pristine = (slot: number | undefined): slot is number =>
      slot !== undefined && slot > 0 && isPristine(serversOf(live, service.name, slot), digest)
    const serving = inForce.get(pool.release)
    const found = pristine(serving) ? serving : take(free, pristine)
    const slot = pool.instances.length === 0 ? 0 : (found ?? take(free, () => true))
    if (slot === undefined) return undefined
    if (slot > 0 && slot !== serving) claimed.push(slot)
    if (slot > 0 && !pristine(slot)) fills.push({ slot, servers: slotServers(pool) })
    planned.push({ release: pool.release, weight: pool.weight, slot, digest })
  }
  return { pools: planned, claimed, fills }
}

/**
 * What stays claimed beside a plan: slots of writers that never came back. One that was only paused may go on filling its
 * slot after any number of tables, so others take that slot last.
 */
export function claimsBeside(
  claims: readonly Claim[],
  { pools, claimed }: Pick<SlotPlan, 'pools' | 'claimed'>,
): readonly Claim[] {
  const taken = new Set([...claimed, ...pools.map(({ slot }) => slot)])
  return claims.filter(({ slot }) => !taken.has(slot))
}

/** The servers of a pool, by the names that HAProxy knows them by. */
export function slotServers({ instances }: Pool): readonly SlotServer[] {
  return instances.map(({ id, address }) => ({ name: encodeName(id), address }))
}

/**
 * The commands that give a slot these servers, those that take others out first. What is still answering goes on; a server
 * that cannot be deleted yet stays closed, and is tried again when the slot is filled the next time.
 */
export function fillCommands(
  backend: string,
  wanted: readonly SlotServer[],
  present: readonly LiveServer[],
): { readonly tried: readonly string[]; readonly needed: readonly string[] } {
  const kept = new Map(wanted.map(({ name, address }) => [name, address]))
  const others = present.filter(({ name, address }) => kept.get(name) !== address)
  const there = new Set(present.map(({ name }) => name))
  const gone = others.flatMap(({ name }) => [
    `set server ${backend}/${name} state maint`,
    ...(kept.has(name) ? [] : [`del server ${backend}/${name}`]),
  ])
  const placed = wanted.flatMap(({ name, address }) => {
    const server = `${backend}/${name}`
    if (!there.has(name)) return [`add server ${server} ${address}`]
    const moved = others.some((other) => other.name === name)
    return [...(moved ? [`set server ${server} addr ${addrPort(address)}`] : []), weighed(server)]
  })
  const opened = wanted.map(({ name }) => `set server ${backend}/${name} state ready`)
  return { tried: gone, needed: [...placed, ...opened] }
}

function weighed(server: string): string {
  return `set server ${server} weight 1`
}

function addrPort(address: string): string {
  const colon = address.lastIndexOf(':')
  return `${address.slice(0, colon).replaceAll(/[[\]]/g, '')} port ${address.slice(colon + 1)}`
}

/** Slots that are not in force, the emptiest first; those that another writer is filling come last. */
function freeSlots(
  { name, slots }: ServiceSettings,
  live: LiveRoutes,
  claims: readonly Claim[],
): number[] {
  const used = new Set(live.read?.text?.pools.map(({ slot }) => slot))
  const held = new Set(claims.map(({ slot }) => slot))
  const cost = (slot: number): number => {
    const servers = serversOf(live, name, slot)
    const open = servers.filter(({ open }) => open).length
    return (held.has(slot) ? 1e9 : 0) + open * 1e4 + servers.length
  }
  return Array.from({ length: slots }, (_, i) => i + 1)
    .filter((slot) => !used.has(slot))
    .map((slot) => ({ slot, cost: cost(slot) }))
    .toSorted((a, b) => a.cost - b.cost)
    .map(({ slot }) => slot)
}

/** Takes the first slot that will do out of the free ones. */
function take(free: number[], fits: (slot: number) => boolean): number | undefined {
  const at = free.findIndex(fits)
  return at < 0 ? undefined : free.splice(at, 1)[0]
}
