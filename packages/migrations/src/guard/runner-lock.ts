import { createHash } from 'node:crypto'
import { refuse } from '../migration-error.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardClock } from './guard-clock.ts'
import type { Session } from './connect.ts'

/** The lock that at most one guard of a database has. It ends with the session of the worker, whatever happens. */
export interface RunnerLock {
  /**
   * Whether it is still held.
   *
   * @throws MigrationError `CHANGEOVER_MIGRATIONS_LOCK_LOST`
   */
  assertHeld(place: string): Promise<void>
  release(): Promise<void>
}

/** How long to wait, and what to tell meanwhile. */
export interface LockWait {
  readonly waitMs: number
  readonly clock: GuardClock
  readonly onWait: (holder: string) => void
  readonly signal: AbortSignal | undefined
}

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/**
 * Takes the lock, or waits for it.
 *
 * It is asked for again and again: a session that waits inside of `pg_advisory_lock` has a snapshot open, for whose end the
 * CREATE INDEX CONCURRENTLY of the other guard would wait, and neither would come to an end.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_LOCKED` naming who has it
 */
export async function takeLock(
  { worker, watcher, pid }: Session,
  schema: string,
  { waitMs, clock, onWait, signal }: LockWait,
): Promise<RunnerLock> {
  const key = lockKey(schema)
  const until = clock.now() + waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted()
    if (await tryLock(worker, key)) break
    const holder = await holderOf(watcher, key)
    const leftMs = until - clock.now()
    if (leftMs <= 0) throw refuse('CHANGEOVER_MIGRATIONS_LOCKED', { holder })
    onWait(holder)
    await clock.sleep(Math.min(leftMs, pauseMs), signal)
  }
  return {
    assertHeld: async (place) => {
      const held = await rowsOf(
        worker,
        `select 1 from pg_locks where ${OF_KEY} and pid = $2 and granted`,
        [key, pid],
      )
      if (held.length === 0) throw refuse('CHANGEOVER_MIGRATIONS_LOCK_LOST', { place })
    },
    release: async () => {
      await worker.query('select pg_advisory_unlock($1::bigint)', [key])
    },
  }
}

/** One key for each schema of tables; advisory locks are of one database anyway. */
function lockKey(schema: string): string {
  return createHash('sha256')
    .update(`changeover migrations ${schema}`)
    .digest()
    .readBigInt64BE()
    .toString()
}

async function tryLock(client: GuardClient, key: string): Promise<boolean> {
  const [row] = await rowsOf<{ taken: boolean }>(
    client,
    'select pg_try_advisory_lock($1::bigint) as taken',
    [key],
  )
  return row?.taken === true
}

/** The server keeps the halves of a key apart. */
const OF_KEY = `locktype = 'advisory' and objsubid = 1
  and database = (select oid from pg_database where datname = current_database())
  and ((classid::bigint << 32) | objid::bigint) = $1::bigint`

interface HolderRow {
  readonly pid: number
  readonly application: string | null
  readonly address: string | null
  readonly query: string | null
  readonly age: number | null
}

async function holderOf(client: GuardClient, key: string): Promise<string> {
  const [row] = await rowsOf<HolderRow>(
    client,
    `select l.pid, a.application_name as application, a.client_addr::text as address, left(a.query, 120) as query,
     extract(epoch from clock_timestamp() - a.backend_start)::int as age
     from pg_locks l left join pg_stat_activity a on a.pid = l.pid where ${OF_KEY} and l.granted`,
    [key],
  )
  if (!row) return 'somebody who has just gone'
  const { pid, application, address, query, age } = row
  return `process ${pid} (${application ?? '?'}${address ? ` at ${address}` : ''}, connected for ${age ?? '?'} s, last query: ${query ?? '?'})`
}
