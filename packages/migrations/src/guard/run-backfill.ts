import { refuse } from '../migration-error.ts'
import {
  beginBackfill,
  endBackfill,
  noteBatch,
  readBackfill,
  restartBackfill,
} from './backfill-journal.ts'
import type { Backfill } from './define-backfill.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { BackfillProgress } from './guard-events.ts'
import type { GuardTables } from './guard-tables.ts'
import type { RunContext } from './run-context.ts'
import { withRetries } from './run-unit.ts'
import type { Unit } from './run-unit.ts'

/**
 * Runs a backfill from where it is until nothing is left to fill.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE` where rows are left after the last pass
 */
export async function runBackfill(
  context: RunContext,
  backfill: Backfill,
): Promise<BackfillProgress> {
  const { session, settings, tell, token } = context
  const { worker } = session
  const row = await beginBackfill(worker, settings.tables, backfill, token)
  let progress = progressOf(backfill, row)
  if (row.state === 'done' && (await leftOver(worker, backfill)) === 0) return progress
  if (row.state === 'done') progress = await fromTheBeginning(context, backfill, progress)
  for (let pass = 1; ; pass += 1) {
    progress = await runPass(context, backfill, progress)
    const left = await leftOver(worker, backfill)
    if (left === 0) break
    if (pass >= backfill.passes)
      throw incomplete(backfill, `${left} rows are left after ${pass} passes`)
    progress = await fromTheBeginning(context, backfill, progress)
  }
  await endBackfill(worker, settings.tables, backfill.id)
  tell({ type: 'backfill-done', backfill: backfill.id })
  return progress
}

function progressOf(
  { id }: Backfill,
  row: { position: string | null; rows: number; batches: number },
): BackfillProgress {
  return { backfill: id, rows: row.rows, batches: row.batches, position: row.position ?? undefined }
}

async function fromTheBeginning(
  { session, settings }: RunContext,
  { id }: Backfill,
  progress: BackfillProgress,
): Promise<BackfillProgress> {
  await restartBackfill(session.worker, settings.tables, id)
  return { ...progress, position: undefined }
}

/** Batch by batch to the end of the table, as it is then. */
async function runPass(
  context: RunContext,
  backfill: Backfill,
  from: BackfillProgress,
): Promise<BackfillProgress> {
  const { session, settings, lock, signal, whileNotPaused } = context
  let progress = from
  for (;;) {
    signal?.throwIfAborted()
    await whileNotPaused()
    const waitMs = await backfill.throttle(progress)
    if (waitMs > 0) {
      await settings.clock.sleep(waitMs, signal)
      continue
    }
    await lock.assertHeld(`before a batch of ${backfill.id}`)
    const lower = progress.position ?? (await beforeFirst(session.worker, backfill))
    const upper = await upperEnd(session.worker, backfill, lower)
    if (upper === undefined) return progress
    progress = await runBatch(context, backfill, progress, { lower, upper })
    await settings.clock.sleep(backfill.pauseMs, signal)
  }
}

/** One less than the first key, for batches that always have a lower end. */
async function beforeFirst(
  client: GuardClient,
  { firstBatch, key, table }: Backfill,
): Promise<string | undefined> {
  if (firstBatch !== undefined) return undefined
  const [row] = await rowsOf<{ lower: string | null }>(
    client,
    `select (min(${key}) - 1)::text as lower from ${table}`,
  )
  return row?.lower ?? undefined
}

/** The last key of the next batch; undefined behind the last row. */
async function upperEnd(
  client: GuardClient,
  { key, table, batchSize }: Backfill,
  lower: string | undefined,
): Promise<string | undefined> {
  const above = lower === undefined ? '' : `where ${key} > $1`
  const [row] = await rowsOf<{ upper: string }>(
    client,
    `select k::text as upper from (select ${key} as k from ${table} ${above} order by ${key} limit ${batchSize}) as batch
     order by k desc limit 1`,
    lower === undefined ? [] : [lower],
  )
  return row?.upper
}

interface Bounds {
  readonly lower: string | undefined
  readonly upper: string
}

async function runBatch(
  context: RunContext,
  backfill: Backfill,
  before: BackfillProgress,
  { lower, upper }: Bounds,
): Promise<BackfillProgress> {
  const { session, settings, tell } = context
  const { worker } = session
  const { lockTimeoutMs, statementTimeoutMs } = settings
  let after = before
  await withRetries(context, unitOfBatch(backfill, before), async (_, watching) => {
    await worker.query('begin')
    await worker.query(
      `set local lock_timeout = ${lockTimeoutMs.data}; set local statement_timeout = ${statementTimeoutMs.data}`,
    )
    watching('data')
    const { rowCount } =
      lower === undefined
        ? await worker.query(backfill.firstBatch ?? backfill.batch, [upper])
        : await worker.query(backfill.batch, [lower, upper])
    after = {
      ...before,
      rows: before.rows + (rowCount ?? 0),
      batches: before.batches + 1,
      position: upper,
    }
    await noteBatch(worker, settings.tables, after)
    tell({ type: 'batch-committing', ...after })
    await worker.query('commit')
    return 'done'
  })
  tell({ type: 'batch-done', ...after })
  return after
}

function unitOfBatch({ id }: Backfill, { batches, position }: BackfillProgress): Unit {
  const place = `backfill ${id}, batch ${batches + 1} (after key ${position ?? 'none'})`
  return { steps: [], ref: { migration: id, file: 'backfill', step: batches }, place }
}

/** Rows that still need it. */
async function leftOver(client: GuardClient, { verify }: Backfill): Promise<number> {
  if (verify === undefined) return 0
  const [row = {}] = await rowsOf<Record<string, unknown>>(client, verify)
  return Number(Object.values(row)[0] ?? 0)
}

/**
 * Refuses to go on to what relies on a backfill that is not complete.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE`
 */
export async function assertComplete(
  client: GuardClient,
  tables: GuardTables,
  backfill: Backfill,
): Promise<void> {
  const row = await readBackfill(client, tables, backfill.id)
  if (row?.state !== 'done')
    throw incomplete(backfill, row ? 'it was broken off' : 'it was never run')
  const left = await leftOver(client, backfill)
  if (left > 0) throw incomplete(backfill, `${left} rows are left`)
}

function incomplete({ id }: Backfill, problem: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE', { backfill: id, problem })
}
