import { refuse } from './changeover-error.ts'
import type { ObservedRoutes, Proof, Receipt } from './router.ts'
import type { RouteTable } from './route-table.ts'
import type { Run } from './run.ts'

/** How long a router may take to follow a table, in milliseconds. */
export const CONVERGE_WITHIN_MS = 60_000
/** How often a table is sent in all to a router that restarts and forgets, or that somebody else changes. */
export const SENDS = 3
const APPLY_ATTEMPTS = 5
const RETRY_AFTER_MS = 250

/**
 * Sends a table and gives the proof that the router was seen to follow; undefined where somebody else changed it meanwhile, so
 * that only a newer table can be put in its place. To a router that fell back it is sent again under the same revision: one that
 * has it already changes nothing.
 *
 * @throws ChangeoverError `CHANGEOVER_NOT_CONVERGED`
 */
export async function sendTable(
  run: Run,
  table: RouteTable,
  signal: AbortSignal,
): Promise<Proof | undefined> {
  const { router } = run.ports
  for (let send = 1; ; send += 1) {
    const receipt = await apply(run, table, signal)
    const proof = await router.converge(receipt, { deadline: CONVERGE_WITHIN_MS, signal })
    if (proof.converged) return proof
    const observed = await router.observe(table.service, { signal })
    if (observed.drift.length > 0) return undefined
    if (send === SENDS || !fellBack(run, observed)) throw notConverged(table, proof.evidence)
    await noticeFallBack(run, observed, table)
  }
}

/** Tables that are on their way again: of many that find the router fallen back, one sends and all wait. */
const again = new WeakMap<RouteTable, Promise<void>>()

/** Sends the last table again to a router that was seen to follow and has fallen back since. */
export async function sendAgain(
  run: Run,
  observed: ObservedRoutes,
  signal: AbortSignal,
): Promise<void> {
  const { sent: table } = run
  if (!table) return
  const known = again.get(table)
  if (known) return known
  const sending = (async () => {
    await noticeFallBack(run, observed, table)
    await sendTable(run, { ...table, fence: run.fence }, signal)
  })().finally(() => again.delete(table))
  again.set(table, sending)
  return sending
}

/**
 * Whether the router is further back than the table that it was seen to follow: it has restarted, or was set back. One that is
 * only slow still follows that table.
 */
export function fellBack(
  { inForce }: Pick<Run, 'inForce'>,
  { revision }: Pick<ObservedRoutes, 'revision'>,
): boolean {
  return revision < (inForce?.revision ?? 1)
}

function noticeFallBack(run: Run, { revision }: ObservedRoutes, table: RouteTable): Promise<void> {
  const message = `the router fell back to revision ${revision}; revision ${table.revision} is sent again`
  return run.record({ type: 'noticed', message })
}

async function apply(run: Run, table: RouteTable, signal: AbortSignal): Promise<Receipt> {
  const { router, clock } = run.ports
  for (let attempt = 1; ; attempt += 1) {
    const receipt = await router.apply(table, { signal })
    if (receipt.outcome === 'applied') return receipt
    if (receipt.outcome === 'indeterminate' && (await isInForce(run, table, signal))) return receipt
    const { outcome, reason = 'no reason given' } = receipt
    const final = outcome === 'rejected' || attempt >= APPLY_ATTEMPTS
    if (final) throw notConverged(table, `${outcome}: ${reason}`)
    await clock.sleep(RETRY_AFTER_MS * attempt, { signal })
  }
}

async function isInForce(run: Run, table: RouteTable, signal: AbortSignal): Promise<boolean> {
  const observed = await run.ports.router.observe(table.service, { signal })
  return observed.revision === table.revision
}

export function notConverged({ service, revision }: RouteTable, problem: string): Error {
  return refuse('CHANGEOVER_NOT_CONVERGED', { service, revision, problem })
}
