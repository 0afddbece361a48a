import type { Clock } from './clock.ts'
import { refuse } from './changeover-error.ts'
import type { Lease } from './fence.ts'
import type { Store } from './store.ts'

/** How often a lease is renewed within its time to live. */
const RENEWALS_PER_TTL = 3

/**
 * Renews a lease until `signal` aborts. Calls `onLost` where it could not be renewed before it lapsed: from then on
 * another engine may lead.
 */
export async function keepLease(
  { store, clock, ttlMs }: { store: Store; clock: Clock; ttlMs: number },
  lease: Lease,
  { signal, onLost }: { signal: AbortSignal; onLost: (error: unknown) => void },
): Promise<void> {
  let { expiresAt } = lease
  while (!signal.aborted) {
    await clock.sleep(ttlMs / RENEWALS_PER_TTL, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const renewed = await within({ clock, signal, until: expiresAt }, renew(store, lease, ttlMs))
    if (signal.aborted) return
    if (isLease(renewed)) {
      if (renewed.fence !== lease.fence) return onLost(lost(renewed))
      ;({ expiresAt } = renewed)
    } else if (clock.now() >= expiresAt) return onLost(renewed)
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
    answered.abort()
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
