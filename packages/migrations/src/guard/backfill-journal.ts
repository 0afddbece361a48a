import { createHash } from 'node:crypto'
import { refuse } from '../migration-error.ts'
import type { Backfill } from './define-backfill.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { BackfillProgress } from './guard-events.ts'
import type { GuardTables } from './guard-tables.ts'

/** Where a backfill is. */
export interface BackfillRow {
  readonly state: 'running' | 'done'
  readonly position: string | null
  readonly rows: number
  readonly batches: number
}

const COLUMNS = 'state, position, rows::float8 as rows, batches::float8 as batches'

/** The row of a backfill; undefined where it was never begun. */
export async function readBackfill(
  client: GuardClient,
  { backfills }: GuardTables,
  id: string,
): Promise<BackfillRow | undefined> {
  const [row] = await rowsOf<BackfillRow>(
    client,
    `select ${COLUMNS} from ${backfills} where id = $1`,
    [id],
  )
  return row
}

/**
 * Begins a backfill, or takes up one that was broken off.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_CHANGED` where it does something else than when it was begun
 */
export async function beginBackfill(
  client: GuardClient,
  { backfills }: GuardTables,
  backfill: Backfill,
  token: string,
): Promise<BackfillRow> {
  const now = checksumOf(backfill)
  const [row] = await rowsOf<BackfillRow & { checksum: string }>(
    client,
    `insert into ${backfills} as own (id, checksum, state, token) values ($1, $2, 'running', $3)
     on conflict (id) do update set token = excluded.token returning ${COLUMNS}, checksum`,
    [backfill.id, now, token],
  )
  if (row && row.checksum === now) return row
  throw refuse('CHANGEOVER_MIGRATIONS_CHANGED', {
    migration: `backfill ${backfill.id}`,
    now,
    before: row?.checksum ?? '',
  })
}

function checksumOf({ table, key, batch }: Backfill): string {
  return createHash('sha256')
    .update(JSON.stringify([table, key, batch]))
    .digest('hex')
}

/** Notes how far a batch came, in its transaction. */
export async function noteBatch(
  client: GuardClient,
  { backfills }: GuardTables,
  { backfill, position, rows, batches }: BackfillProgress,
): Promise<void> {
  await client.query(
    `update ${backfills} set position = $2, rows = $3, batches = $4, state = 'running', ended_at = null where id = $1`,
    [backfill, position, rows, batches],
  )
}

/** Goes back to the beginning for another pass. */
export async function restartBackfill(
  client: GuardClient,
  { backfills }: GuardTables,
  id: string,
): Promise<void> {
  await client.query(
    `update ${backfills} set position = null, passes = passes + 1, state = 'running', ended_at = null where id = $1`,
    [id],
  )
}

/** Notes that nothing is left. */
export async function endBackfill(
  client: GuardClient,
  { backfills }: GuardTables,
  id: string,
): Promise<void> {
  await client.query(
    `update ${backfills} set state = 'done', ended_at = clock_timestamp() where id = $1`,
    [id],
  )
}
