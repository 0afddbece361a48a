import type { Clock } from './clock.ts'
import { refuse } from './changeover-error.ts'
import type { Lease } from './fence.ts'
import type { Store } from './store.ts'

/** How often a lease is renewed within its time to live. */
const RENEWALS_PER_TTL = 3

/** A reason of its own: without one, each renewal would make an error that nobody reads. */
const OVER = 'over'

/**
 * Renews a lease until `signal` aborts. Calls `onLost` where it could not be renewed before it lapsed: from then on
 * another engine may lead.
 */
export async function keepLease(
  { store, clock, ttlMs }: { store: Store; clock: Clock; ttlMs: number },
  lease: Lease,
  { signal, onLost }: { signal: AbortSignal; onLost: (error: unknown) => void },
): Promise<void> {
  // By this engine's own clock, from before the question: the store's clock may be minutes away.
  let lapsesAt = clock.now() + ttlMs
  while (!signal.aborted) {
    await clock.sleep(ttlMs / RENEWALS_PER_TTL, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const askedAt = clock.now()
    const renewed = await within({ clock, signal, until: lapsesAt }, renew(store, lease, ttlMs))
    if (signal.aborted) return
    if (isLease(renewed)) {
      if (renewed.fence !== lease.fence) return onLost(lost(renewed))
      lapsesAt = askedAt + ttlMs
    } else if (clock.now() >= lapsesAt) return onLost(renewed)
  }
}

/** The answer, what it was refused with, or that none came in time: a store that hangs must not keep the lease alive. */
async function within(
  { clock, signal, until }: { clock: Clock; signal: AbortSignal; until: number },
  answer: Promise<Lease>,
): Promise<unknown> {
  const answered = new AbortController()
  const bound = { signal: AbortSignal.any([signal, answered.signal]) }
  const lapsed = clock.sleep(Math.max(0, until - clock.now()), bound).then(
    () => new Error('the store did not answer before the lease lapsed'),
    () => undefined,
  )
  try {
    return await Promise.race([answer.catch((error: unknown) => error), lapsed])
  } finally {
    answered.abort(OVER)
  }
}

function renew(store: Store, { service, holder }: Lease, ttlMs: number): Promise<Lease> {
  return store.lease(service, holder, ttlMs)
}

function isLease(value: unknown): value is Lease {
  return typeof value === 'object' && value !== null && 'fence' in value && 'expiresAt' in value
}

function lost({ service, fence }: Lease): Error {
  return refuse('CHANGEOVER_LEASE_LOST', { service, fence })
}
