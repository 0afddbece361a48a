import type { CreateTableAsStmt, IntoClause, Node, SelectStmt, ViewStmt } from 'libpg-query'
import type { Column, ObjectName, Relation, RelationKind } from './catalog.ts'
import { UNKNOWN_TYPE } from './column-types.ts'
import { addRelation, patchRelation, writeRelation } from './edits.ts'
import { shapeOf } from './query-reads.ts'
import type { QueryShape } from './query-reads.ts'
import { emptyRelation, findIn, findRelation, isNameTaken, keyOf, targetSchema } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, relationName, TEMPORARY, words } from './syntax.ts'

/** `CREATE [OR REPLACE] VIEW`: with REPLACE the view stays the same one. */
export function createView(state: CatalogState, statement: ViewStmt): boolean {
  const name = relationName(statement.view)
  const shape = shapeOf(state, statement.query)
  const columns = columnsOf(state, shape, words(statement.aliases))
  if (columns === undefined) return false
  if (statement.replace !== true)
    return addFilled(state, name, 'view', { columns, reads: shape.reads })
  const unseen = findIn(state, state.names, name) === undefined
  const there = unseen && !state.complete ? findRelation(state, name) : knownView(state, name)
  if (there === undefined) return addFilled(state, name, 'view', { columns, reads: shape.reads })
  if (there.kind !== 'view' && !there.assumed) return false
  if (!keepsColumns(there, [...columns.values()])) return false
  patchRelation(state, there.id, { kind: 'view', assumed: false, columns, reads: shape.reads })
  return true
}

/** REPLACE leaves what is there as it is, and may add columns behind it. */
function keepsColumns({ columns, assumed }: Relation, now: readonly Column[]): boolean {
  return assumed || [...columns.values()].every((column, place) => isSame(column, now[place]))
}

function isSame(one: Column, other: Column | undefined): boolean {
  if (other?.name !== one.name) return false
  const unknown = one.type === UNKNOWN_TYPE || other.type === UNKNOWN_TYPE
  return unknown || JSON.stringify(one.type) === JSON.stringify(other.type)
}

function knownView(state: CatalogState, name: ObjectName): Relation | undefined {
  const schema = targetSchema(state, name)
  const entry = state.names.get(keyOf(schema ?? '', name.name))
  return entry?.kind === 'relation' ? state.relations.get(entry.id) : undefined
}

/** `CREATE TABLE ... AS`, `CREATE MATERIALIZED VIEW`. */
export function createFromQuery(state: CatalogState, statement: CreateTableAsStmt): boolean {
  const kind = statement.objtype === 'OBJECT_MATVIEW' ? 'materialized-view' : 'table'
  return fill(state, statement.into, statement.query, kind, statement.if_not_exists === true)
}

/** `SELECT ... INTO`; any other query changes nothing. */
export function selectInto(state: CatalogState, statement: SelectStmt): boolean {
  const { intoClause, ...query } = statement
  return intoClause === undefined || fill(state, intoClause, { SelectStmt: query }, 'table', false)
}

function fill(
  state: CatalogState,
  into: IntoClause | undefined,
  query: Node | undefined,
  kind: RelationKind,
  ifNotExists: boolean,
): boolean {
  const shape = shapeOf(state, query)
  const columns = columnsOf(state, shape, words(into?.colNames))
  if (columns === undefined) return false
  const reads = kind === 'table' ? new Map<number, Set<string>>() : shape.reads
  const temporary = into?.rel?.relpersistence === 't'
  const name = { ...relationName(into?.rel), ...(temporary ? { schema: TEMPORARY } : {}) }
  return addFilled(state, name, kind, { columns, reads }) || ifNotExists
}

/** Undefined where a name comes twice, which the server refuses. */
function columnsOf(
  state: CatalogState,
  shape: QueryShape,
  names: readonly string[],
): Map<string, Column> | undefined {
  const columns = new Map<string, Column>()
  shape.columns.forEach(({ name, type }, place) => {
    const column = names[place] ?? name
    columns.set(column, {
      name: column,
      type,
      notNull: false,
      filled: undefined,
      isNew: state.sealed,
    })
  })
  return columns.size === shape.columns.length ? columns : undefined
}

function addFilled(
  state: CatalogState,
  name: ObjectName,
  kind: RelationKind,
  content: Pick<Relation, 'columns' | 'reads'>,
): boolean {
  const schema = targetSchema(state, name)
  if (schema === undefined || isNameTaken(state, schema, name.name)) return false
  addRelation(state, { ...emptyRelation(state, schema, name.name), kind, ...content })
  return true
}

/** `CREATE SEQUENCE`. */
export function createSequence(
  state: CatalogState,
  statement: Extract<Node, { CreateSeqStmt: unknown }>['CreateSeqStmt'],
): boolean {
  const made = addFilled(state, relationName(statement.sequence), 'sequence', {
    columns: new Map(),
    reads: new Map(),
  })
  if (made) own(state, relationName(statement.sequence), statement.options)
  return made || statement.if_not_exists === true
}

/** `ALTER SEQUENCE`: only OWNED BY matters here. */
export function alterSequence(
  state: CatalogState,
  statement: Extract<Node, { AlterSeqStmt: unknown }>['AlterSeqStmt'],
): boolean {
  own(state, relationName(statement.sequence), statement.options)
  return true
}

function own(state: CatalogState, name: ObjectName, options: readonly Node[] | undefined): void {
  const sequence = findRelation(state, name)
  for (const node of options ?? []) {
    const option = payload(node, 'DefElem')
    if (option?.defname !== 'owned_by' || sequence === undefined) continue
    const parts = words(payload(option.arg, 'List')?.items)
    const [table, schema] = [parts.at(-2), parts.at(-3)]
    const { ownedBy: _, ...rest } = sequence
    const owner =
      table === undefined
        ? undefined
        : findRelation(state, schema === undefined ? { name: table } : { schema, name: table })
    const owned =
      owner === undefined
        ? rest
        : { ...rest, ownedBy: { relation: owner.id, column: parts.at(-1) ?? '' } }
    writeRelation(state, sequence.id, owned)
  }
}
