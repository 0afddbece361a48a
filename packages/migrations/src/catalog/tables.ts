import type { CreateForeignTableStmt, CreateStmt, TableLikeClause, TypeName } from 'libpg-query'
import type { Relation, RelationKind } from './catalog.ts'
import { addColumn, addOwnedSequence, addPending, copyColumn, filledBy } from './columns.ts'
import type { PendingConstraint } from './columns.ts'
import { creationStep } from './constraints.ts'
import {
  addRelation,
  patchColumn,
  patchRelation,
  setColumn,
  setConstraint,
  setParent,
} from './edits.ts'
import { attachPartition, copyIndexes } from './partitions.ts'
import { emptyRelation, findRelation, findType, isNameTaken, targetSchema } from './state.ts'
import type { CatalogState } from './state.ts'
import { nameOf, payload, relationName, TEMPORARY, words } from './syntax.ts'

/** `CREATE TABLE` in all its forms. */
export function createTable(state: CatalogState, statement: CreateStmt): boolean {
  return createAs(state, statement, statement.partspec === undefined ? 'table' : 'partitioned')
}

export function createForeignTable(
  state: CatalogState,
  statement: CreateForeignTableStmt,
): boolean {
  return statement.base !== undefined && createAs(state, statement.base, 'foreign-table')
}

function createAs(state: CatalogState, statement: CreateStmt, kind: RelationKind): boolean {
  const name = relationName(statement.relation)
  const temporary = statement.relation?.relpersistence === 't'
  const schema = temporary ? TEMPORARY : targetSchema(state, name)
  if (schema === undefined) return false
  if (isNameTaken(state, schema, name.name)) return statement.if_not_exists === true
  const relation = { ...emptyRelation(state, schema, name.name), kind, ...partitionKey(statement) }
  addRelation(state, relation)
  return addElements(state, relation.id, statement) && addParents(state, relation.id, statement)
}

/** Nothing where the table is not partitioned, or by an expression. */
function partitionKey({ partspec }: CreateStmt): Pick<Relation, 'partitionKey'> {
  const parts = (partspec?.partParams ?? []).map((part) => payload(part, 'PartitionElem')?.name)
  const columns = parts.filter((part) => part !== undefined)
  return columns.length > 0 && columns.length === parts.length ? { partitionKey: columns } : {}
}

/** Columns first, then what refers to them, in the order in which the server makes it: that decides generated names. */
function addElements(state: CatalogState, id: number, statement: CreateStmt): boolean {
  if (!inheritColumns(state, id, statement)) return false
  const pending: PendingConstraint[] = []
  const likes: TableLikeClause[] = []
  for (const element of [...(statement.tableElts ?? []), ...(statement.constraints ?? [])]) {
    const column = payload(element, 'ColumnDef')
    const like = payload(element, 'TableLikeClause')
    const node = payload(element, 'Constraint')
    if (column !== undefined) pending.push(...addColumnOrMerge(state, id, column))
    if (like !== undefined) {
      if (!likeColumns(state, id, like)) return false
      likes.push(like)
    }
    if (node !== undefined) pending.push({ node })
  }
  const ordered = pending.toSorted((one, other) => stepOf(one) - stepOf(other))
  if (!addPending(state, id, ordered)) return false
  for (const like of likes) likeRest(state, id, like)
  return true
}

function stepOf(pending: PendingConstraint): number {
  return creationStep({ Constraint: pending.node })
}

/** In a partition or an inheriting table a column may be there already; it keeps its type. */
function addColumnOrMerge(
  state: CatalogState,
  id: number,
  definition: NonNullable<Parameters<typeof addColumn>[2]>,
): PendingConstraint[] {
  const there = state.relations.get(id)?.columns.get(definition.colname ?? '')
  if (there === undefined || definition.typeName !== undefined)
    return addColumn(state, id, definition)
  const constraints = (definition.constraints ?? []).flatMap(
    (node) => payload(node, 'Constraint') ?? [],
  )
  const filled = filledBy(definition, constraints)
  if (filled !== undefined) patchColumn(state, id, there.name, { filled })
  return constraints.map((node) => ({ node, column: there.name }))
}

function inheritColumns(state: CatalogState, id: number, statement: CreateStmt): boolean {
  if (statement.ofTypename !== undefined && !copyAttributes(state, id, statement.ofTypename))
    return false
  return parentsOf(state, statement).every((parent) => {
    if (parent === undefined) return false
    for (const column of parent.columns.values()) {
      copyColumn(state, id, parent, column, !column.filled?.startsWith('identity'))
    }
    for (const constraint of parent.constraints.values()) {
      if (constraint.kind === 'check')
        setConstraint(state, id, { ...constraint, isNew: state.sealed })
    }
    return true
  })
}

/** `CREATE TABLE ... OF type`: the columns of the composite type. */
function copyAttributes(state: CatalogState, id: number, name: TypeName): boolean {
  const type = findType(state, nameOf(words(name.names)) ?? { name: '' })
  for (const [attribute, of] of type?.attributes ?? []) {
    setColumn(state, id, {
      name: attribute,
      type: of,
      notNull: false,
      filled: undefined,
      isNew: state.sealed,
    })
  }
  return type?.kind === 'composite' || !state.complete
}

function parentsOf(state: CatalogState, statement: CreateStmt): (Relation | undefined)[] {
  return (statement.inhRelations ?? []).map((node) =>
    findRelation(state, relationName(payload(node, 'RangeVar'))),
  )
}

function addParents(state: CatalogState, id: number, statement: CreateStmt): boolean {
  const [parent] = parentsOf(state, statement)
  const child = state.relations.get(id)
  if (parent === undefined || child === undefined) return true
  if (statement.partbound === undefined) setParent(state, id, parent.id)
  else attachPartition(state, parent, child, statement.partbound.is_default === true)
  return true
}

const LIKE = {
  constraints: 1 << 2,
  defaults: 1 << 3,
  generated: 1 << 4,
  identity: 1 << 5,
  indexes: 1 << 6,
} as const

function includes(like: TableLikeClause, option: keyof typeof LIKE): boolean {
  return ((like.options ?? 0) & LIKE[option]) !== 0
}

function likeColumns(state: CatalogState, id: number, like: TableLikeClause): boolean {
  const source = findRelation(state, relationName(like.relation))
  if (source === undefined) return false
  for (const column of source.columns.values()) {
    const identity = column.filled?.startsWith('identity') === true
    const option = identity ? 'identity' : column.filled === 'generated' ? 'generated' : 'defaults'
    copyColumn(state, id, source, column, includes(like, option))
    if (identity && includes(like, 'identity')) addOwnedSequence(state, id, column.name)
  }
  return true
}

function likeRest(state: CatalogState, id: number, like: TableLikeClause): void {
  const source = findRelation(state, relationName(like.relation))
  if (source === undefined) return
  for (const constraint of source.constraints.values()) {
    if (constraint.kind !== 'check' || !includes(like, 'constraints')) continue
    setConstraint(state, id, { ...constraint, isNew: state.sealed })
  }
  if (includes(like, 'indexes')) copyIndexes(state, { ...source }, id)
  if (source.assumed) patchRelation(state, id, { assumed: true })
}
