import type { Action, IndexDefinition, MysqlStatement } from './actions.ts'
import type { ColumnDefinition } from './column-definition.ts'

/** A table as far as it is known. */
export interface MysqlTable {
  name: string
  /** Created by this plan: empty, and nothing that runs knows it. */
  readonly isNew: boolean
  /** Whether `columns` and `indexes` are all that it has. */
  readonly known: boolean
  readonly charset: string | undefined
  /** By name in lower case. */
  readonly columns: Map<string, MysqlColumn>
  indexes: IndexDefinition[]
}

/** A column, and whether this plan has created it. */
export interface MysqlColumn extends ColumnDefinition {
  readonly isNew: boolean
}

/** Tables as the statements so far leave them. */
export interface MysqlSchema {
  /** The table; one that is not known is taken to exist, with columns that nobody told of. */
  readonly table: (name: string) => MysqlTable
  readonly tables: () => Iterable<MysqlTable>
  readonly apply: (statement: MysqlStatement) => void
  /** From now on what is created is new. */
  readonly seal: () => void
}

/** A schema without tables. */
export function createMysqlSchema(): MysqlSchema {
  const tables = new Map<string, MysqlTable>()
  let sealed = false
  const table = (name: string): MysqlTable => tables.get(name) ?? assumed(name)
  const keep = (one: MysqlTable): void => void tables.set(one.name, one)
  return {
    table,
    tables: () => tables.values(),
    seal: () => {
      sealed = true
    },
    apply: (statement) => {
      if (statement.is === 'create-table') keep(created(statement, sealed))
      if (statement.is === 'drop-table') for (const name of statement.tables) tables.delete(name)
      if (statement.is === 'rename-tables')
        for (const { from, to } of statement.pairs) rename(tables, table(from), to)
      if (statement.is !== 'alter-table') return
      const altered = table(statement.table)
      for (const action of statement.actions) alter(altered, action, sealed)
      keep(altered)
      for (const action of statement.actions)
        if (action.does === 'rename-table') rename(tables, altered, action.to)
    },
  }
}

function assumed(name: string): MysqlTable {
  return { name, isNew: false, known: false, charset: undefined, columns: new Map(), indexes: [] }
}

function created(
  statement: Extract<MysqlStatement, { is: 'create-table' }>,
  isNew: boolean,
): MysqlTable {
  const { table, columns, indexes, charset, known } = statement
  const own = columns.map((column) => [column.name.toLowerCase(), { ...column, isNew }] as const)
  return {
    name: table,
    isNew,
    known,
    charset,
    columns: new Map(own),
    indexes: [...indexes, ...columns.flatMap(ownIndex)],
  }
}

function ownIndex({ name, key }: ColumnDefinition): IndexDefinition[] {
  return key === undefined
    ? []
    : [{ name: key === 'primary' ? 'PRIMARY' : name, kind: key, columns: [name] }]
}

function rename(tables: Map<string, MysqlTable>, table: MysqlTable, to: string): void {
  tables.delete(table.name)
  table.name = to
  tables.set(to, table)
}

function alter(table: MysqlTable, action: Action, isNew: boolean): void {
  const { columns } = table
  if (action.does === 'add-column') {
    columns.set(action.column.name.toLowerCase(), { ...action.column, isNew })
    table.indexes.push(...ownIndex(action.column))
  }
  if (action.does === 'change-column') {
    const before = columns.get(action.from.toLowerCase())
    columns.delete(action.from.toLowerCase())
    columns.set(action.column.name.toLowerCase(), {
      ...action.column,
      isNew: before?.isNew ?? false,
    })
    renameInIndexes(table, action.from, action.column.name)
  }
  if (action.does === 'rename-column') renameColumn(table, action.from, action.to)
  if (action.does === 'drop-column') dropColumn(table, action.column)
  if (action.does === 'set-default') fill(columns, action.column, 'constant')
  if (action.does === 'drop-default') fill(columns, action.column, undefined)
  alterIndexes(table, action)
}

function alterIndexes(table: MysqlTable, action: Action): void {
  if (action.does === 'add-index') table.indexes.push(action.index)
  if (action.does === 'drop-index' || action.does === 'drop-constraint')
    table.indexes = table.indexes.filter(({ name }) => !sameName(name, action.name))
  if (action.does === 'drop-primary-key')
    table.indexes = table.indexes.filter(({ kind }) => kind !== 'primary')
  if (action.does === 'rename-index')
    table.indexes = table.indexes.map((index) =>
      sameName(index.name, action.from) ? { ...index, name: action.to } : index,
    )
}

/** Names of columns and indexes are the same in any case of letters. */
export function sameName(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase()
}

function renameColumn(table: MysqlTable, from: string, to: string): void {
  const column = table.columns.get(from.toLowerCase())
  table.columns.delete(from.toLowerCase())
  if (column) table.columns.set(to.toLowerCase(), { ...column, name: to })
  renameInIndexes(table, from, to)
}

function renameInIndexes(table: MysqlTable, from: string, to: string): void {
  table.indexes = table.indexes.map((index) => ({
    ...index,
    columns: index.columns.map((each) => (sameName(each, from) ? to : each)),
  }))
}

function dropColumn(table: MysqlTable, column: string): void {
  table.columns.delete(column.toLowerCase())
  table.indexes = table.indexes
    .map((index) => ({
      ...index,
      columns: index.columns.filter((each) => !sameName(each, column)),
    }))
    .filter(({ columns }) => columns.length > 0)
}

function fill(
  columns: Map<string, MysqlColumn>,
  name: string,
  filled: ColumnDefinition['filled'],
): void {
  const column = columns.get(name.toLowerCase())
  if (column) columns.set(name.toLowerCase(), { ...column, filled })
}
