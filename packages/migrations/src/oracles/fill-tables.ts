import { rowAttempts } from './row-attempts.ts'
import type { ReferencedRows } from './row-attempts.ts'
import type { UnfilledTable } from './schema-oracle.ts'
import { attempt, rowsOf } from './sql-client.ts'
import type { SqlClient, SqlRefusal } from './sql-client.ts'
import { tableShapes } from './table-shapes.ts'
import type { TableShape } from './table-shapes.ts'

const ROWS = [0, 1, 2, 3]

/**
 * Puts a few made-up rows into each table that has none, so that work on tables can be seen: one with NULL wherever that is
 * allowed, two plain ones, one with values at the far end of their types. As far as it goes: what stays empty is returned.
 */
export async function fillTables(client: SqlClient): Promise<readonly UnfilledTable[]> {
  await attempt(client, 'set session_replication_role = replica')
  const shapes = inOrder(await tableShapes(client))
  const unfilled: UnfilledTable[] = []
  for (const shape of shapes) {
    const reason = await fillTable(client, shape)
    if (reason !== undefined) unfilled.push({ relation: shape.label, reason })
  }
  await moveSequences(client)
  await attempt(client, 'reset session_replication_role')
  await refreshViews(client)
  await client.query('analyze')
  return unfilled
}

/** Those that are referred to come first, as far as that is possible. */
function inOrder(shapes: readonly TableShape[]): TableShape[] {
  const byOid = new Map(shapes.map((shape) => [shape.oid, shape]))
  const ordered = new Set<TableShape>()
  const visiting = new Set<TableShape>()
  const visit = (shape: TableShape): void => {
    if (visiting.has(shape)) return
    visiting.add(shape)
    for (const { table } of shape.foreign) {
      const other = byOid.get(table)
      if (other) visit(other)
    }
    ordered.add(shape)
  }
  shapes.forEach(visit)
  return [...ordered]
}

/** Undefined where the table has rows now; else why not. */
async function fillTable(client: SqlClient, shape: TableShape): Promise<string | undefined> {
  const { rows } = await client.query(`select 1 from ${shape.name} limit 1`)
  if (rows.length > 0) return undefined
  const referenced = await referencedRows(client, shape)
  let filled = false
  let reason = 'no row could be made up'
  await client.query('begin')
  for (const row of ROWS) {
    const refusal = await insertRow(client, shape, row, referenced)
    if (refusal) reason = `${refusal.message} (${refusal.code})`
    else filled = true
  }
  await client.query('commit')
  return filled ? undefined : reason
}

/** Rows of the tables that are referred to, by the foreign key. */
async function referencedRows(client: SqlClient, shape: TableShape): Promise<ReferencedRows> {
  const found = new Map<number, readonly (readonly (string | null)[])[]>()
  for (const [index, { table, others }] of shape.foreign.entries()) {
    const [other] = await rowsOf<{ readonly name: string }>(
      client,
      `select ${table}::regclass::text as name`,
    )
    const columns = others.map((column) => `${column}::text`).join(', ')
    const present = others.map((column) => `${column} is not null`).join(' and ')
    const sql = `select ${columns} from ${other?.name ?? ''} where ${present} limit ${ROWS.length}`
    const { rows } = await client.query(sql)
    found.set(index, rows)
  }
  return found
}

const MOST_ATTEMPTS = 80

async function insertRow(
  client: SqlClient,
  shape: TableShape,
  row: number,
  referenced: ReferencedRows,
): Promise<SqlRefusal | undefined> {
  const attempts = rowAttempts(shape, row, referenced)
  let refusal: SqlRefusal | undefined
  for (let count = 0; count < MOST_ATTEMPTS; count += 1) {
    const next = attempts.next(refusal)
    if (next.done) break
    await client.query('savepoint filling')
    refusal = await attempt(client, next.value.sql)
    if (!refusal) return undefined
    await client.query('rollback to savepoint filling')
  }
  return refusal
}

/** Past all keys that were made up, so that an INSERT that takes the next one does not meet them. */
async function moveSequences(client: SqlClient): Promise<void> {
  const { rows } = await client.query(`
    select distinct format('select pg_catalog.setval(%L, 20000) where (select last_value from %s) < 20000',
      s.oid::regclass, s.oid::regclass)
    from pg_catalog.pg_class s join pg_catalog.pg_sequence q on q.seqrelid = s.oid
    where q.seqmax > 20000 and q.seqincrement > 0 and exists (select 1 from pg_catalog.pg_depend d
      where (d.objid = s.oid and d.refobjsubid > 0) or (d.refobjid = s.oid and d.classid = 'pg_attrdef'::regclass))`)
  for (const [sql] of rows) await attempt(client, sql ?? '')
}

/** A dump leaves them without data, and then nobody may read them. Those that read others come later. */
async function refreshViews(client: SqlClient): Promise<void> {
  const { rows } = await client.query(`
    select format('refresh materialized view %s', oid::regclass) from pg_catalog.pg_class
    where relkind = 'm' order by oid`)
  for (const [sql] of rows) await attempt(client, sql ?? '')
}
