import type { Need } from '../rules/effect.ts'
import type { MysqlSchema, MysqlTable } from './schema.ts'

/** A tree as the parser gives it. */
type Tree = unknown

/** What a query names. */
interface Named {
  /** Table name by the name that the query gives it. */
  readonly tables: Map<string, string>
  /** Qualifier (empty where there is none) and name. */
  readonly columns: (readonly [string, string])[]
  readonly stars: string[]
}

/**
 * What a query uses. Without knowing the tables, a column that is not qualified counts for each table that the query names:
 * too much is found rather than too little.
 */
export function queryUses(tree: Tree, schema: MysqlSchema): readonly Need[] {
  const named: Named = { tables: new Map(), columns: [], stars: [] }
  visit(tree, named)
  const uses: Need[] = []
  for (const [alias, name] of named.tables) {
    const table = schema.table(name)
    uses.push({ kind: 'relation', object: name })
    for (const column of columnsOf(table, alias, named))
      uses.push({ kind: 'column', object: name, member: column })
  }
  return [...uses, ...insertUses(tree, schema)]
}

function columnsOf(table: MysqlTable, alias: string, named: Named): readonly string[] {
  const own = named.columns
    .filter(([qualifier]) => qualifier === '' || qualifier === alias)
    .map(([, column]) => column)
  const isWhole = named.stars.some((star) => star === '' || star === alias)
  return [...new Set([...own, ...(isWhole ? table.columns.keys() : [])])]
}

function visit(tree: Tree, named: Named): void {
  if (Array.isArray(tree)) for (const each of tree) visit(each, named)
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return
  for (const [key, value] of Object.entries(tree)) (VISITS[key] ?? visit)(value, named)
}

const VISITS: Readonly<Record<string, (value: Tree, named: Named) => void>> = {
  Table: (value, named) => {
    const path = pathOf(field(value, 'name'))
    const alias = textOf(field(field(value, 'alias'), 'name'))
    named.tables.set(alias ?? path.at(-1) ?? '', path.join('.'))
  },
  TableName: (value, named) => {
    const path = pathOf(value)
    named.tables.set(path.at(-1) ?? '', path.join('.'))
  },
  Identifier: (value, named) => void named.columns.push(['', (textOf(value) ?? '').toLowerCase()]),
  CompoundIdentifier: (value, named) => column(pathOf(value), named),
  ColumnName: (value, named) => column(pathOf(value), named),
  columns: (value, named) => {
    if (Array.isArray(value)) for (const each of value) column(pathOf(each), named)
  },
  Wildcard: (_, named) => void named.stars.push(''),
  QualifiedWildcard: (value, named) => {
    const [first] = Array.isArray(value) ? (value as readonly Tree[]) : []
    named.stars.push(pathOf(field(first, 'ObjectName')).at(-1) ?? '')
  },
  Function: (value, named) => visit(field(value, 'args'), named),
}

function column(path: readonly string[], named: Named): void {
  const name = path.at(-1)
  if (name !== undefined) named.columns.push([path.at(-2) ?? '', name.toLowerCase()])
}

function field(tree: Tree, name: string): Tree {
  if (typeof tree !== 'object' || tree === null) return undefined
  const found: Tree = Reflect.get(tree, name)
  return found
}

function textOf(tree: Tree): string | undefined {
  const text = field(tree, 'value')
  return typeof text === 'string' ? text : undefined
}

/** `[{ Identifier: { value } }]` or `[{ value }]`. */
function pathOf(tree: Tree): readonly string[] {
  if (!Array.isArray(tree)) return []
  return (tree as readonly Tree[]).flatMap(
    (part) => textOf(field(part, 'Identifier') ?? part) ?? [],
  )
}

/** The columns that an INSERT leaves out, and the keys that it may run into. */
function insertUses(tree: Tree, schema: MysqlSchema): readonly Need[] {
  const [statement] = Array.isArray(tree) ? (tree as readonly Tree[]) : []
  const insert = field(statement, 'Insert')
  if (insert === undefined) return []
  const object = pathOf(field(field(insert, 'table'), 'TableName')).join('.')
  const table = schema.table(object)
  const listed = field(insert, 'columns')
  const given = Array.isArray(listed)
    ? (listed as readonly Tree[]).flatMap((each) => pathOf(each).at(-1)?.toLowerCase() ?? [])
    : []
  const upserts = field(insert, 'on') !== undefined || field(insert, 'replace_into') === true
  const left = [...table.columns.keys()].filter((name) => given.length > 0 && !given.includes(name))
  return [
    ...(given.length === 0
      ? [{ kind: 'insert', object, member: '*' } as const]
      : [{ kind: 'insert', object } as const]),
    ...given.map((member) => ({ kind: 'write', object, member }) as const),
    ...left.map((member) => ({ kind: 'insert', object, member }) as const),
    ...(upserts ? uniqueUses(table) : []),
  ]
}

function uniqueUses(table: MysqlTable): Need[] {
  const keys = table.indexes.filter(({ kind }) => kind === 'unique' || kind === 'primary')
  return keys.map(({ columns }) => ({
    kind: 'unique',
    object: table.name,
    member: columns.map((each) => each.toLowerCase()).join(','),
  }))
}
