import { loadParser } from '../sql/parser.ts'
import type { LockWork } from '../rules/effect.ts'
import { lockWork } from './lock-work.ts'
import { locksByKind } from './locks-by-kind.ts'
import { locksOf, relationStates } from './relation-state.ts'
import type { HeldLock, RelationStates } from './relation-state.ts'
import type { Observation } from './schema-oracle.ts'
import { refusalOf } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'

/** Who runs a statement, and who looks on. */
export interface OutsideContext {
  readonly client: SqlClient
  readonly known: RelationStates
  /** Opens another session; undefined where there can be only one. */
  readonly another: (() => Promise<SqlClient>) | undefined
}

const LOOK_MS = 5

/**
 * Runs a statement that refuses a transaction. Its locks are gone when it ends, so that another session makes it wait by
 * holding what a writer holds, and looks at its locks then; what that does not show is known from the kind of the statement.
 */
export async function runOutside(context: OutsideContext, sql: string): Promise<Observation> {
  const { client, known } = context
  await loadParser()
  const expected = await locksByKind(client, sql)
  const before = await relationStates(client)
  const { held, error } = await runWatched(context, sql)
  const after = await relationStates(client)
  if (error) return { error, locks: [] }
  const all = [...held, ...expected.held]
  const seen = lockWork({ known, before, after, held: all, truncates: false })
  return { locks: seen.map((lock) => withWork(lock, expected.scans)) }
}

/** What it read is counted under another transaction. */
function withWork(lock: LockWork, scans: boolean): LockWork {
  return lock.work === 'none' && scans ? { ...lock, work: 'scan' } : lock
}

interface Watched {
  readonly held: readonly HeldLock[]
  readonly error?: NonNullable<Observation['error']>
}

async function runWatched(context: OutsideContext, sql: string): Promise<Watched> {
  const writer = await context.another?.()
  if (!writer) return { held: [], ...(await run(context.client, sql)) }
  try {
    const backend = await backendOf(context.client)
    await lockAsWriter(writer, context.known)
    const running = run(context.client, sql)
    const held = await locksWhileWaiting(writer, backend, running)
    await writer.query('rollback')
    return { held, ...(await running) }
  } finally {
    await writer.close()
  }
}

async function run(
  client: SqlClient,
  sql: string,
): Promise<{ error?: NonNullable<Observation['error']> }> {
  try {
    await client.query(sql)
    return {}
  } catch (error) {
    const { code, message } = refusalOf(error)
    return { error: { code, message } }
  }
}

async function backendOf(client: SqlClient): Promise<string> {
  const { rows } = await client.query('select pg_backend_pid()')
  return rows[0]?.[0] ?? ''
}

async function lockAsWriter(writer: SqlClient, known: RelationStates): Promise<void> {
  const oids = ['0', ...known.keys()].join(', ')
  const { rows } = await writer.query(
    `select string_agg(format('%I.%I', n.nspname, c.relname), ', ') from pg_catalog.pg_class c
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.oid in (${oids}) and c.relkind in ('r', 'p')`,
  )
  await writer.query('begin')
  const names = rows[0]?.[0]
  if (names) await writer.query(`lock table ${names} in row exclusive mode`)
}

/** Looks until the statement waits or has ended. There is no event for either that another session could hear. */
async function locksWhileWaiting(
  writer: SqlClient,
  backend: string,
  running: Promise<unknown>,
): Promise<HeldLock[]> {
  let ended = false
  const ending = running.then(() => {
    ended = true
  })
  for (;;) {
    const held = await locksOf(writer, backend)
    if (ended || (await isWaiting(writer, backend))) return held
    await Promise.race([ending, new Promise((resolve) => setTimeout(resolve, LOOK_MS))])
  }
}

async function isWaiting(writer: SqlClient, backend: string): Promise<boolean> {
  const { rows } = await writer.query(
    `select 1 from pg_catalog.pg_locks where pid = ${backend} and not granted`,
  )
  return rows.length > 0
}
