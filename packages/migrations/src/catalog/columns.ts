import type { ColumnDef, Constraint as ConstraintNode } from 'libpg-query'
import type { Column, ObjectName, Relation } from './catalog.ts'
import { isSerial } from './column-types.ts'
import { addConstraint } from './constraints.ts'
import { addRelation, patchColumn, setColumn } from './edits.ts'
import { columnsIn } from './expressions.ts'
import { requireNotNull } from './not-null.ts'
import { freeName } from './object-names.ts'
import { emptyRelation, isNameTaken, typeOf } from './state.ts'
import type { CatalogState } from './state.ts'
import { objectName, payload, words } from './syntax.ts'

/** A constraint that waits until the columns are there, with the column that it stands at. */
export interface PendingConstraint {
  readonly node: ConstraintNode
  readonly column?: string
}

/** Adds the column, its sequence and NOT NULL; gives what is left to add as constraints. */
export function addColumn(
  state: CatalogState,
  id: number,
  definition: ColumnDef,
): PendingConstraint[] {
  const name = definition.colname ?? ''
  const constraints = (definition.constraints ?? []).flatMap(
    (node) => payload(node, 'Constraint') ?? [],
  )
  const inherited = state.relations.get(id)?.columns.get(name)
  setColumn(state, id, columnOf(state, definition, constraints, inherited))
  const identity = constraints.find((one) => one.contype === 'CONSTR_IDENTITY')
  if (isSerial(definition.typeName) || identity !== undefined) {
    addOwnedSequence(state, id, name, identity)
    requireNotNull(state, id, name)
  }
  return constraints
    .filter((one) => TABLE_CONSTRAINTS.has(one.contype))
    .map((node) => ({ node, column: name }))
}

const TABLE_CONSTRAINTS: ReadonlySet<unknown> = new Set([
  'CONSTR_NOTNULL',
  'CONSTR_CHECK',
  'CONSTR_PRIMARY',
  'CONSTR_UNIQUE',
  'CONSTR_FOREIGN',
])

function columnOf(
  state: CatalogState,
  definition: ColumnDef,
  constraints: readonly ConstraintNode[],
  inherited: Column | undefined,
): Column {
  const collation = words(definition.collClause?.collname).at(-1)
  const generated = constraints.find((one) => one.contype === 'CONSTR_GENERATED')
  const column: Column = {
    name: definition.colname ?? '',
    type: typeOf(state, definition.typeName),
    notNull: inherited?.notNull === true,
    filled: filledBy(definition, constraints),
    isNew: state.sealed,
    ...(generated === undefined ? {} : { madeOf: columnsIn(generated.raw_expr) }),
  }
  return collation === undefined ? column : { ...column, collation }
}

/** What fills the column where no value is given. */
export function filledBy(
  definition: ColumnDef,
  constraints: readonly ConstraintNode[],
): Column['filled'] {
  for (const one of constraints) {
    if (one.contype === 'CONSTR_IDENTITY') return identityKind(one.generated_when)
    if (one.contype === 'CONSTR_GENERATED') return 'generated'
    if (one.contype === 'CONSTR_DEFAULT' && !isNull(one)) return 'default'
  }
  return isSerial(definition.typeName) ? 'default' : undefined
}

/** `DEFAULT NULL` fills nothing. */
function isNull(node: ConstraintNode): boolean {
  return payload(node.raw_expr, 'A_Const')?.isnull === true
}

/** What the grammar writes as `a` and `d`. */
export function identityKind(when: string | undefined): 'identity-always' | 'identity-by-default' {
  return when === 'a' ? 'identity-always' : 'identity-by-default'
}

/** The sequence behind a serial or identity column; an identity may name it. */
export function addOwnedSequence(
  state: CatalogState,
  id: number,
  column: string,
  identity?: ConstraintNode,
): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  const isTaken = (name: string): boolean => isNameTaken(state, relation.schema, name)
  const wanted = sequenceName(identity)
  const name = wanted?.name ?? freeName(isTaken, relation.name, column, 'seq')
  const sequence = emptyRelation(state, wanted?.schema ?? relation.schema, name)
  addRelation(state, { ...sequence, kind: 'sequence', ownedBy: { relation: id, column } })
}

/** `SEQUENCE NAME`, as pg_dump writes it. */
function sequenceName(identity: ConstraintNode | undefined): ObjectName | undefined {
  for (const node of identity?.options ?? []) {
    const option = payload(node, 'DefElem')
    if (option?.defname === 'sequence_name') return objectName(option.arg)
  }
  return undefined
}

/** Adds what waited. False as soon as the server would refuse one. */
export function addPending(
  state: CatalogState,
  id: number,
  pending: readonly PendingConstraint[],
): boolean {
  return pending.every(({ node, ...at }) => addConstraint(state, id, node, at))
}

/** Copies a column of another table, as LIKE, INHERITS and PARTITION OF do. */
export function copyColumn(
  state: CatalogState,
  id: number,
  source: Relation | undefined,
  column: Column,
  keepFilled: boolean,
): void {
  const there = state.relations.get(id)?.columns.get(column.name)
  const filled = keepFilled ? column.filled : undefined
  if (there === undefined)
    setColumn(state, id, { ...column, filled, notNull: false, isNew: state.sealed })
  else if (there.filled === undefined) patchColumn(state, id, column.name, { filled })
  if (!column.notNull) return
  const named = [...(source?.constraints.values() ?? [])].find(
    (one) => one.kind === 'not-null' && one.columns[0] === column.name,
  )
  requireNotNull(state, id, column.name, named?.name)
}
