import { isDeepStrictEqual } from 'node:util'
import { ChangeoverError, type Receipt, type RouteTable } from '@changeover/engine'
import type { AdminReply } from './admin.ts'
import type { Caddy } from './caddy.ts'
import { decideChange } from './change.ts'
import type { ServiceSettings } from './options.ts'
import { replyProblem, type RouteState } from './route-state.ts'

type Known = Exclude<RouteState, { kind: 'unreadable' }>
type Verdict = Pick<Receipt, 'outcome' | 'reason'>

/** Each attempt is one against a state that was read for it, so a late one changes nothing. */
const ATTEMPTS = 6

/**
 * Reads the route, changes it if it is still what was read, and reads it again: only that tells what became of the change.
 * Throws the signal's reason when that aborts, and nothing else.
 */
export async function applyTable(
  caddy: Caddy,
  service: ServiceSettings,
  table: RouteTable,
  signal: AbortSignal,
): Promise<Verdict> {
  let seen = await look(caddy, service, signal)
  if ('outcome' in seen) return seen
  let problem = ''
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const change = decideChange({
      table,
      service,
      state: seen,
      ...(await facts(caddy, service, seen, signal)),
    })
    if (change.kind === 'none') return { outcome: 'applied' }
    if (change.kind === 'reject') return { outcome: 'rejected', reason: change.reason }
    const reply = await caddy.change({ ...change.call, signal })
    const after = await look(caddy, service, signal)
    if ('outcome' in after)
      return reply.kind === 'unreachable' ? after : { ...after, outcome: 'indeterminate' }
    const verdict = judgeWrite({ reply, before: seen, after, service, table })
    if ('outcome' in verdict) return verdict
    problem = verdict.problem
    seen = after
  }
  return { outcome: 'indeterminate', reason: `given up after ${ATTEMPTS} attempts: ${problem}` }
}

async function look(
  caddy: Caddy,
  { id }: ServiceSettings,
  signal: AbortSignal,
): Promise<Known | Verdict> {
  try {
    return await caddy.route(id, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ChangeoverError)) throw error
    const nobody = error.code === 'CHANGEOVER_CADDY_UNREACHABLE'
    return { outcome: nobody ? 'unreachable' : 'indeterminate', reason: error.message }
  }
}

async function facts(caddy: Caddy, { create }: ServiceSettings, state: Known, signal: AbortSignal) {
  if (state.kind === 'route') return { inFlight: await caddy.inFlight(signal) }
  if (!create) return { inFlight: undefined }
  const server = await caddy.server(create.server, signal).catch(() => undefined)
  signal.throwIfAborted()
  return { inFlight: undefined, server }
}

interface Write {
  readonly reply: AdminReply
  readonly before: Known
  readonly after: Known
  readonly service: ServiceSettings
  readonly table: RouteTable
}

/** What became of a change, by the state after it; `problem` where it is to be tried again. Pure. */
function judgeWrite({
  reply,
  before,
  after,
  service,
  table,
}: Write): Verdict | { readonly problem: string } {
  const now = decideChange({ table, service, state: after, inFlight: undefined })
  if (after.kind === 'route' && now.kind === 'none') return { outcome: 'applied' }
  // It may come about yet, and the next one would wait as long.
  if (reply.kind === 'late') return { outcome: 'indeterminate', reason: reply.problem }
  if (reply.kind !== 'answer') return { problem: reply.problem }
  const problem = replyProblem(reply.status, reply.body)
  // The state was another one than the one that was read.
  if (reply.status === 412 || !isDeepStrictEqual(before, after)) return { problem }
  const reason =
    reply.status < 300
      ? `Caddy said yes (${reply.status}) and did nothing`
      : `Caddy said ${problem}`
  return { outcome: 'rejected', reason }
}
