import type { Outcome, Receipt, RouteTable } from '@changeover/engine'
import { bake, bakeLive } from './baked-file.ts'
import type { BakedRoutes } from './config.ts'
import { slotName } from './service-names.ts'
import { isPristine, type LiveRoutes, serversOf } from './live-routes.ts'
import { exchangeCommand, newNonce, readLive, type ServiceSite } from './service-site.ts'
import {
  encodeText,
  NO_ROUTES,
  type ReadText,
  type RouteText,
  type TextPool,
} from './route-text.ts'
import { ReplyError } from './runtime-reply.ts'
import { UnreachableError } from './runtime-socket.ts'
import {
  claimsBeside,
  fillCommands,
  planSlots,
  type SlotFill,
  type SlotPlan,
  slotServers,
} from './slot-plan.ts'
import { decide } from './table-check.ts'

/** How often a table is planned anew because somebody else wrote in between. */
const ATTEMPTS = 5
/** Longest text that one command may carry: HAProxy reads a command into 16 KiB. */
const LONGEST_TEXT = 6_000

/** What became of a table, without its names. */
type Result = Pick<Receipt, 'outcome' | 'reason'>

/**
 * Puts a table in force: its servers into slots that serve nobody, then one variable over from the old text to the new.
 * Until that one command everything goes on as it was.
 */
export async function applyTable(
  site: ServiceSite,
  table: RouteTable,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const result = await settled('unreachable', () => attemptTable(site, table, signal))
    if (result) return result
    signal?.throwIfAborted()
  }
  return { outcome: 'rejected', reason: `others wrote ${ATTEMPTS} times while it was made ready` }
}

/** Undefined where somebody else wrote in between. */
async function attemptTable(
  site: ServiceSite,
  table: RouteTable,
  signal: AbortSignal | undefined,
): Promise<Result | undefined> {
  const { service } = site
  const live = await readLive(site, signal)
  const decision = decide(service, live, table)
  if (decision.kind === 'reject') return rejected(decision.reason)
  if (decision.kind === 'nothing') return { outcome: 'applied' }
  const plan = planSlots(service, live, table)
  if (!plan) return rejected('no backend is free: each is in force or being filled')
  const next = nextText(table, plan, live)
  const raw = encodeText(next, service)
  if (raw.length > LONGEST_TEXT)
    return rejected(`the table takes ${raw.length} characters, more than one command holds`)
  const ready = await prepare(site, live, plan, signal)
  if ('outcome' in ready) return ready
  if ('overtaken' in ready) return undefined
  signal?.throwIfAborted()
  return switchOver(site, ready.read, { table, plan, raw })
}

function nextText(table: RouteTable, plan: SlotPlan, { read }: LiveRoutes): RouteText {
  const { revision, fence, rules = [], affinity } = table
  const claims = claimsBeside(read?.text?.claims ?? [], plan)
  return { revision, fence, nonce: newNonce(), pools: plan.pools, rules, affinity, claims }
}

/** The text to be exchanged; or that somebody was faster; or why the slots are not ready. */
type Ready = { readonly read: ReadText | undefined } | { readonly overtaken: true } | Result

/** Claims the slots, so that no other writer takes them, and fills them. */
async function prepare(
  site: ServiceSite,
  live: LiveRoutes,
  plan: SlotPlan,
  signal: AbortSignal | undefined,
): Promise<Ready> {
  const claimed = plan.claimed.length > 0
  const read = claimed ? await claim(site, live, plan.claimed, signal) : live.read
  if (claimed && !read) return { overtaken: true }
  const reason = await fill(site, live, plan, signal)
  return reason === undefined ? { read } : rejected(reason)
}

/** Notes the slots in the text in force, which goes on as it is; undefined where another text is there by now. */
async function claim(
  site: ServiceSite,
  live: LiveRoutes,
  slots: readonly number[],
  signal: AbortSignal | undefined,
): Promise<ReadText | undefined> {
  const nonce = newNonce()
  const current = live.read?.text ?? NO_ROUTES
  const others = current.claims.filter(({ slot }) => !slots.includes(slot))
  const claims = [...others, ...slots.map((slot) => ({ slot, nonce }))].slice(-CLAIMS)
  const raw = encodeText({ ...current, nonce, claims }, site.service)
  await site.runtime([exchangeCommand(site, live.read, raw)], signal)
  const { read } = await readLive(site, signal)
  return read?.raw === raw ? read : undefined
}

/** Claims of writers that never came back are forgotten, the oldest first. */
const CLAIMS = 16

/** Why the slots do not have their servers; undefined where they do. */
async function fill(
  site: ServiceSite,
  live: LiveRoutes,
  { fills, pools }: SlotPlan,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (fills.length === 0) return undefined
  const refusals: string[] = []
  for (const one of fills) refusals.push(...(await fillSlot(site, live, one, signal)))
  const after = await readLive(site, signal)
  const { name } = site.service
  const filled = (pool: TextPool): boolean =>
    pool.slot === 0 || isPristine(serversOf(after, name, pool.slot), pool.digest)
  const missing = pools.find((pool) => !filled(pool))
  if (!missing) return undefined
  const why = refusals[0] ?? 'HAProxy said yes, and does not show them'
  return `the servers of "${missing.release}" could not be made ready: ${why}`
}

/** What HAProxy said against commands that had to succeed. */
async function fillSlot(
  { runtime, service }: ServiceSite,
  live: LiveRoutes,
  { slot, servers }: SlotFill,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const present = serversOf(live, service.name, slot)
  const { tried, needed } = fillCommands(slotName(service.name, slot), servers, present)
  const replies = await runtime([...tried, ...needed], signal)
  return replies
    .slice(tried.length)
    .map((reply) => reply.trim())
    .filter((reply) => reply !== '' && !reply.startsWith('New server registered'))
}

interface Switch {
  readonly table: RouteTable
  readonly plan: SlotPlan
  /** The text to come into force. */
  readonly raw: string
}

/** The one command that changes where requests go. From here on there is no way to say that nothing was sent. */
async function switchOver(
  site: ServiceSite,
  read: ReadText | undefined,
  { table, plan, raw }: Switch,
): Promise<Result | undefined> {
  const problem = await bake(site, { raw, slots: bakedSlots(table, plan) })
  if (problem !== undefined) return rejected(problem)
  return settled('indeterminate', async () => {
    const [reply = ''] = await site.runtime([exchangeCommand(site, read, raw)])
    const live = await readLive(site)
    if (live.read?.raw === raw) return { outcome: 'applied' }
    await bakeLive(site, live)
    if (live.read?.raw !== read?.raw) return undefined
    return rejected(reply.trim() || 'HAProxy said yes and did nothing: the old table is in force')
  })
}

function bakedSlots({ pools }: RouteTable, plan: SlotPlan): BakedRoutes['slots'] {
  const slots = new Map(plan.pools.map(({ release, slot }) => [release, slot]))
  const filled = pools.filter(({ instances }) => instances.length > 0)
  return new Map(filled.map((pool) => [slots.get(pool.release) ?? 0, slotServers(pool)]))
}

/** Turns what HAProxy did not answer into an outcome; only a signal's reason is thrown. */
async function settled(
  lost: Outcome,
  work: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof ReplyError)
      return { outcome: lost, reason: error.message }
    throw error
  }
}

function rejected(reason: string): Result {
  return { outcome: 'rejected', reason }
}
