import type { RenameStmt } from 'libpg-query'
import type { Relation } from './catalog.ts'
import { patchRelation, withKey, writeRelation } from './edits.ts'
import { withDescendants } from './partitions.ts'
import { dependentsOf, parentOf } from './state.ts'
import type { CatalogState } from './state.ts'

/** `RENAME COLUMN`, in the partitions too. False where the server would refuse it. */
export function renameColumns(
  state: CatalogState,
  statement: RenameStmt,
  relation: Relation,
  from: string,
  to: string,
): boolean {
  if (relation.columns.has(to)) return false
  if (!relation.columns.has(from)) return relation.assumed
  if (parentOf(state, relation)?.columns.has(from) === true) return false
  const targets =
    statement.relation?.inh === true ? withDescendants(state, relation.id) : [relation.id]
  for (const id of targets) renameColumn(state, id, from, to)
  return true
}

/** Everything that goes by the number of the column in the server follows its name here. */
function renameColumn(state: CatalogState, id: number, from: string, to: string): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  const list = (names: readonly string[]): string[] =>
    names.map((name) => (name === from ? to : name))
  const columns = new Map(
    [...withKey(relation.columns, from, to, (column) => ({ ...column, name: to }))].map(
      ([key, column]) => [
        key,
        column.madeOf === undefined ? column : { ...column, madeOf: list(column.madeOf) },
      ],
    ),
  )
  const constraints = new Map(
    [...relation.constraints].map(([key, one]) => [
      key,
      {
        ...one,
        columns: list(one.columns),
        provesNotNull: list(one.provesNotNull),
        ...renamedExpression(one.expression, from, to),
      },
    ]),
  )
  const indexes = new Map(
    [...relation.indexes].map(([key, one]) => [
      key,
      { ...one, columns: list(one.columns), mentions: list(one.mentions) },
    ]),
  )
  const key = relation.partitionKey ? { partitionKey: list(relation.partitionKey) } : {}
  patchRelation(state, id, { columns, constraints, indexes, ...key })
  for (const other of dependentsOf(state, id)) followColumn(state, other, id, from, to)
}

function renamedExpression(
  expression: unknown,
  from: string,
  to: string,
): { readonly expression?: unknown } {
  return expression === undefined ? {} : { expression: replaced(expression, from, to) }
}

function replaced(value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((part) => replaced(part, from, to))
  if (typeof value !== 'object' || value === null) return value
  if ('ColumnRef' in value) return replacedReference(value, from, to)
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, replaced(part, from, to)]),
  )
}

function replacedReference(value: object, from: string, to: string): unknown {
  const text = JSON.stringify(value)
  return JSON.parse(
    text.replace(`"sval":${JSON.stringify(from)}`, () => `"sval":${JSON.stringify(to)}`),
  )
}

function followColumn(
  state: CatalogState,
  other: Relation,
  id: number,
  from: string,
  to: string,
): void {
  const read = other.reads.get(id)
  if (read?.has(from) === true) {
    const columns = new Set([...read].map((name) => (name === from ? to : name)))
    patchRelation(state, other.id, { reads: new Map(other.reads).set(id, columns) })
  }
  const { ownedBy } = other
  if (ownedBy?.relation === id && ownedBy.column === from) {
    writeRelation(state, other.id, { ...other, ownedBy: { relation: id, column: to } })
  }
  if (![...other.constraints.values()].some((one) => one.references?.relation === id)) return
  const constraints = new Map(
    [...(state.relations.get(other.id)?.constraints ?? [])].map(([key, one]) => {
      if (one.references?.relation !== id) return [key, one]
      const columns = one.references.columns.map((name) => (name === from ? to : name))
      return [key, { ...one, references: { relation: id, columns } }]
    }),
  )
  patchRelation(state, other.id, { constraints })
}
