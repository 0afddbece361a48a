import { refuse } from './changeover-error.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'

/** What an engine asks for. */
export interface LeaseRequest {
  readonly service: string
  readonly holder: string
  readonly ttlMs: number
}

/**
 * The lease that answers `request`, given the last one of the service; a released one is kept as one that has
 * lapsed, so that its fence is never granted again. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_LEASE_HELD` while another holder's lease has not lapsed,
 *   `CHANGEOVER_OPTION_INVALID` for a holder or a `ttlMs` that means nothing
 */
export function grantLease(last: Lease | undefined, request: LeaseRequest, now: number): Lease {
  const { service, holder } = checkRequest(request)
  const expiresAt = now + request.ttlMs
  if (last === undefined) return { service, holder, fence: 1, expiresAt }
  const remainingMs = last.expiresAt - now
  if (remainingMs <= 0) return { service, holder, fence: last.fence + 1, expiresAt }
  if (last.holder === holder) return { ...last, expiresAt }
  throw refuse('CHANGEOVER_LEASE_HELD', { service, holder: last.holder, remainingMs })
}

/** What to keep when `lease` is given back, or undefined where it is no longer the last one granted. Pure. */
export function releasedLease(last: Lease | undefined, lease: Lease): Lease | undefined {
  const current = last?.fence === lease.fence && last.holder === lease.holder
  return current ? { ...last, expiresAt: 0 } : undefined
}

/**
 * Lets `entries` pass unless the service was granted under a newer fence since: whoever wrote them no longer leads, even
 * though the one who does has written nothing yet. Pure.
 *
 * @throws ChangeoverError `CHANGEOVER_FENCE_STALE`
 */
export function checkLeaseFence(last: Lease | undefined, entries: readonly Entry[]): void {
  const stale = last && entries.find((entry) => entry.fence < last.fence)
  if (!stale) return
  const { service, fence } = last
  throw refuse('CHANGEOVER_FENCE_STALE', {
    fence: stale.fence,
    service,
    current: `fence ${fence}`,
  })
}

function checkRequest(request: LeaseRequest): LeaseRequest {
  const { holder, ttlMs } = request
  if (holder === '') {
    throw refuse('CHANGEOVER_OPTION_INVALID', {
      field: 'holder',
      problem: 'it is empty',
      value: holder,
      remedy: 'Give each engine a name of its own.',
    })
  }
  if (Number.isFinite(ttlMs) && ttlMs > 0) return request
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'ttlMs',
    problem: 'it is no time span in which a lease could be used',
    value: ttlMs,
    remedy: 'Give a positive number of milliseconds.',
  })
}
