import type { Database } from 'sql.js'
import { refuse } from '../migration-error.ts'
import { importPeer } from '../oracles/peers.ts'
import { quotedName, rowsOf, snapshot } from './snapshot.ts'

/** A database in memory with the schema and a row in each table: SQLite refuses less where there are none. */
export async function scratchDatabase(schema: string | undefined): Promise<Database> {
  const { default: load } = await importPeer(
    'sql.js',
    'checkMigrations for SQLite',
    () => import('sql.js'),
  )
  const { Database: create } = await load()
  const database = new create()
  try {
    database.exec(schema ?? '')
  } catch (cause) {
    database.close()
    const problem = messageOf(cause)
    throw refuse('CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED', { problem, place: 'schema' }, { cause })
  }
  fillTables(database)
  return database
}

/** The words of the database. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Rows need not make sense: checks and foreign keys are left out of account, and each value is another one. */
function fillTables(database: Database): void {
  const [[enforced] = []] = rowsOf(database, 'PRAGMA foreign_keys')
  database.exec('PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON')
  for (const { name, kind, columns, hasRows } of snapshot(database).values()) {
    if (kind === 'view' || hasRows) continue
    const given = [...columns.values()].filter(({ filled }) => !filled)
    const values = given.map(({ type }, index) =>
      /char|text|clob/i.test(type) ? `v${index}` : index + 1,
    )
    const list = given.map((column) => quotedName(column.name)).join(', ')
    const marks = given.map(() => '?').join(', ')
    const sql = given.length === 0 ? 'DEFAULT VALUES' : `(${list}) VALUES (${marks})`
    try {
      database.run(`INSERT INTO ${quotedName(name)} ${sql}`, values)
    } catch {
      // A trigger or a strict type refuses it: then the table stays empty, and what depends on rows goes unseen.
    }
  }
  database.exec(
    `PRAGMA ignore_check_constraints = OFF; PRAGMA foreign_keys = ${String(enforced ?? 0)}`,
  )
}
