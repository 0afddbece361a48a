import { loadParser, parseSql } from '../sql/parser.ts'
import { lockWork } from './lock-work.ts'
import { locksOf, relationStates } from './relation-state.ts'
import type { RelationStates } from './relation-state.ts'
import type { Observation } from './schema-oracle.ts'
import { refusalOf } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'
import { runOutside } from './run-outside.ts'
import type { OutsideContext } from './run-outside.ts'

/** Codes with which a server says that a statement does not run inside of a transaction. */
const REFUSES_TRANSACTION: ReadonlySet<string> = new Set(['25001', '2D000'])

/** What the server refuses outside of a transaction: it must not be given one. */
const NEEDS_TRANSACTION: ReadonlySet<string> = new Set([
  'LockStmt',
  'DeclareCursorStmt',
  'TransactionStmt',
])

/** Runs statements in one transaction and observes each; see {@link OracleSession.run}. */
export async function observeTogether(
  client: SqlClient,
  statements: readonly string[],
  known: RelationStates,
  rollback: boolean,
): Promise<Observation[]> {
  await loadParser()
  await client.query('begin')
  const observations: Observation[] = []
  let before = await relationStates(client)
  for (const sql of statements) {
    const { observation, after } = await observeOne(client, sql, known, before)
    observations.push(observation)
    if (observation.error) break
    before = after
  }
  const failed = observations.some(({ error }) => error)
  const refusal = await end(client, failed || rollback ? 'rollback' : 'commit')
  return refusal ? withError(observations, refusal) : observations
}

/** Runs each statement in a transaction of its own, and outside of one where it refuses that. */
export async function observeAlone(
  context: OutsideContext,
  statements: readonly string[],
): Promise<Observation[]> {
  const observations: Observation[] = []
  for (const sql of statements) {
    const { client, known } = context
    await loadParser()
    const inside = NEEDS_TRANSACTION.has(kindOf(sql))
      ? undefined
      : (await observeTogether(client, [sql], known, false))[0]
    const refuses = !inside || (inside.error && REFUSES_TRANSACTION.has(inside.error.code))
    const observation = refuses ? await runOutside(context, sql) : inside
    observations.push(observation)
    if (observation.error) break
  }
  return observations
}

async function observeOne(
  client: SqlClient,
  sql: string,
  known: RelationStates,
  before: RelationStates,
): Promise<{ observation: Observation; after: RelationStates }> {
  const kind = kindOf(sql)
  try {
    await runHonestly(client, sql, kind)
  } catch (error) {
    const { code, message, position } = refusalOf(error)
    const refusal = { code, message, ...(position === undefined ? {} : { position }) }
    return { observation: { error: refusal, locks: [] }, after: before }
  }
  const after = await relationStates(client)
  const held = await locksOf(client, 'pg_backend_pid()')
  const locks = lockWork({ known, before, after, held, truncates: kind === 'TruncateStmt' })
  return { observation: { locks }, after }
}

/**
 * On a table of few rows the planner reads them all, even for one row by its key. Where there are many it would not, so it is
 * told to use an index where there is one.
 */
async function runHonestly(client: SqlClient, sql: string, kind: string): Promise<void> {
  const planned = PLANNED.has(kind)
  if (planned) await client.query('set local enable_seqscan = off')
  await client.query(sql)
  if (planned) await client.query('set local enable_seqscan to default')
}

const PLANNED: ReadonlySet<string> = new Set([
  'SelectStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

function kindOf(sql: string): string {
  const parsed = parseSql(sql)
  return 'problem' in parsed ? '' : (parsed[0]?.kind ?? '')
}

async function end(client: SqlClient, how: 'commit' | 'rollback'): Promise<Observation['error']> {
  try {
    await client.query(how)
    return undefined
  } catch (error) {
    const { code, message } = refusalOf(error)
    return { code, message }
  }
}

/** What was deferred fails at the end: told at the last statement. */
function withError(
  observations: readonly Observation[],
  error: Observation['error'],
): Observation[] {
  return observations.map((one, index) => {
    return error && index === observations.length - 1 ? { ...one, error } : one
  })
}
