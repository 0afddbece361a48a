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
    const renewed = await renew(store, lease, ttlMs).catch((error: unknown) => error)
    if (isLease(renewed)) {
      if (renewed.fence !== lease.fence) return onLost(lost(renewed))
      ;({ expiresAt } = renewed)
    } else if (clock.now() >= expiresAt) return onLost(renewed)
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
