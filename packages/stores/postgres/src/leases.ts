import { type Lease, refuse } from '@changeover/engine'
import type { Database } from './database.ts'
import { checkName } from './names.ts'
import type { Tables } from './tables.ts'

/** What an engine asks for. */
export interface LeaseRequest {
  readonly service: string
  readonly holder: string
  readonly ttlMs: number
}

interface Grant {
  readonly granted: boolean
  readonly holder: string
  readonly fence: string
  readonly expires_ms: number
  readonly remaining_ms: number
}

/**
 * Grants or renews, by the clock of the database. May be repeated: whoever has been granted a lease renews it.
 *
 * @throws ChangeoverError `CHANGEOVER_LEASE_HELD`, `CHANGEOVER_OPTION_INVALID`
 */
export async function grantLease(
  database: Database,
  { grantLease: grant }: Tables,
  request: LeaseRequest,
): Promise<Lease> {
  const { service, holder, ttlMs } = checkRequest(request)
  const sql = `select * from ${grant}($1, $2, $3)`
  const [row] = await database.rows<Grant>('lease', sql, [service, holder, ttlMs])
  if (row?.granted) return { service, holder, fence: Number(row.fence), expiresAt: row.expires_ms }
  throw refuse('CHANGEOVER_LEASE_HELD', {
    service,
    holder: row?.holder,
    remainingMs: row?.remaining_ms,
  })
}

/** Gives it back, where it is still the one in force. Its fence stays behind. */
export async function giveBack(
  database: Database,
  { leases }: Tables,
  { service, holder, fence }: Lease,
): Promise<void> {
  const sql = `update ${leases} set expires_at = '-infinity' where service = $1 and holder = $2 and fence = $3`
  await database.rows('release', sql, [service, holder, fence])
}

/** Longer ones would not fit into the server's time. */
const LONGEST_TTL_MS = 100 * 365 * 86_400_000

function checkRequest(request: LeaseRequest): LeaseRequest {
  const { service, holder, ttlMs } = request
  checkName('service', service)
  checkName('holder', holder)
  if (ttlMs > 0 && ttlMs <= LONGEST_TTL_MS) return request
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'ttlMs',
    problem: 'it is no time span in which a lease could be used',
    value: ttlMs,
    remedy: 'Give a positive number of milliseconds.',
  })
}
