import type { Database, SqlValue } from 'sql.js'

/** A column as `pragma table_xinfo` shows it. */
export interface LiteColumn {
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  /** Has a value where none is given: a default, a number of its own, or an expression. */
  readonly filled: boolean
}

/** A table or view as it stands. */
export interface LiteRelation {
  readonly name: string
  readonly kind: 'table' | 'view'
  /** Tables are; a view is where a trigger writes instead. */
  readonly writable: boolean
  /** By name in lower case. */
  readonly columns: ReadonlyMap<string, LiteColumn>
  /** Columns of each key, joined by a comma. */
  readonly uniques: ReadonlySet<string>
  readonly checks: number
  readonly foreignKeys: ReadonlySet<string>
  readonly hasRows: boolean
}

/** All tables and views, by name in lower case. */
export type Snapshot = ReadonlyMap<string, LiteRelation>

/** What the database holds now. A view that no longer works is left out. */
export function snapshot(database: Database): Snapshot {
  const found = new Map<string, LiteRelation>()
  const listed = rowsOf(
    database,
    "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
  )
  for (const [type, name, sql] of listed) {
    const relation = relationOf(
      database,
      String(name),
      type === 'view' ? 'view' : 'table',
      String(sql),
    )
    if (relation) found.set(relation.name.toLowerCase(), relation)
  }
  return found
}

/** The rows that a query gives. */
export function rowsOf(database: Database, sql: string, values?: SqlValue[]): SqlValue[][] {
  return database.exec(sql, values)[0]?.values ?? []
}

/** A name in double quotes. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function relationOf(
  database: Database,
  name: string,
  kind: LiteRelation['kind'],
  sql: string,
): LiteRelation | undefined {
  try {
    const hasRows = rowsOf(database, `SELECT 1 FROM ${quotedName(name)} LIMIT 1`).length > 0
    return {
      name,
      kind,
      hasRows,
      writable: kind === 'table' || writesInstead(database, name),
      columns: columnsOf(database, name),
      uniques: uniquesOf(database, name),
      checks: sql.match(/\bcheck\s*\(/gi)?.length ?? 0,
      foreignKeys: foreignKeysOf(database, name),
    }
  } catch {
    return undefined
  }
}

function writesInstead(database: Database, view: string): boolean {
  const sql =
    "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE AND sql LIKE '%instead of%'"
  return rowsOf(database, sql, [view]).length > 0
}

function columnsOf(database: Database, name: string): ReadonlyMap<string, LiteColumn> {
  const sql = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)'
  const columns = rowsOf(database, sql, [name]).map(
    ([column, type, notNull, value, key, hidden]) => ({
      name: String(column),
      type: String(type),
      notNull: notNull === 1,
      filled:
        (value !== null && !/^null$/i.test(String(value))) ||
        Number(hidden) > 1 ||
        (key === 1 && /^integer$/i.test(String(type))),
    }),
  )
  return new Map(columns.map((column) => [column.name.toLowerCase(), column]))
}

function uniquesOf(database: Database, name: string): ReadonlySet<string> {
  const sql = `SELECT group_concat(lower(i.name)) FROM pragma_index_list(?) l, pragma_index_info(l.name) i
    WHERE l."unique" AND NOT l.partial GROUP BY l.name`
  const keys = rowsOf(database, sql, [name]).map(([columns]) => String(columns))
  const own = rowsOf(
    database,
    'SELECT lower(name) FROM pragma_table_info(?) WHERE pk ORDER BY pk',
    [name],
  )
  return new Set([...keys, ...(own.length > 0 ? [own.flat().join(',')] : [])])
}

function foreignKeysOf(database: Database, name: string): ReadonlySet<string> {
  const sql = 'SELECT lower("from") || \' -> \' || lower("table") FROM pragma_foreign_key_list(?)'
  return new Set(rowsOf(database, sql, [name]).flat().map(String))
}
