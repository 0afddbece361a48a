import type { Constraint as ConstraintNode } from 'libpg-query'
import type { Constraint, Relation } from './catalog.ts'
import { patchColumn, setConstraint } from './edits.ts'
import { holdsColumns } from './indexes.ts'
import { freeName } from './object-names.ts'
import { constraintInSchema } from './state.ts'
import type { CatalogState } from './state.ts'
import { words } from './syntax.ts'

/** Where a constraint stands. */
export interface ConstraintPlace {
  /** The column that it is written at. */
  readonly column?: string
  /** `ALTER TABLE ONLY`: partitions get nothing. */
  readonly only?: boolean
}

/** NOT NULL is a constraint of its own since 18; before that its name shows nowhere. */
export function addNotNull(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  at: ConstraintPlace,
): boolean {
  const target = at.column ?? words(node.keys)[0]
  if (target === undefined || !holdsColumns(relation, [target])) return false
  const there = [...relation.constraints.values()].find(
    (one) => one.kind === 'not-null' && one.columns[0] === target,
  )
  if (there?.valid === true) return true
  const above = inherited(
    state,
    relation,
    (one) => one.kind === 'not-null' && one.columns[0] === target,
  )
  const made = base(state, relation, node, target, 'not_null', above)
  const name = there?.name ?? made.name
  setConstraint(state, relation.id, {
    ...made,
    name,
    kind: 'not-null',
    columns: [target],
    provesNotNull: [target],
  })
  if (made.valid) patchColumn(state, relation.id, target, { notNull: true })
  return true
}

/** Makes the column not null, as SET NOT NULL, a primary key and an identity do. */
export function requireNotNull(
  state: CatalogState,
  id: number,
  column: string,
  conname?: string,
): boolean {
  const relation = state.relations.get(id)
  if (relation === undefined) return false
  const isFree = conname !== undefined && !relation.constraints.has(conname)
  const node: ConstraintNode = { contype: 'CONSTR_NOTNULL', ...(isFree ? { conname } : {}) }
  return addNotNull(state, relation, node, { column })
}

/** The name of the constraint that the parent has: those below get the same. */
export function inherited(
  state: CatalogState,
  relation: Relation,
  isSame: (constraint: Constraint) => boolean,
): string | undefined {
  const parent = relation.parent === undefined ? undefined : state.relations.get(relation.parent)
  const name = [...(parent?.constraints.values() ?? [])].find(isSame)?.name
  return name === undefined || relation.constraints.has(name) ? undefined : name
}

/** What all kinds of constraints have. */
export function base(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  columns: string | undefined,
  label: string,
  above: string | undefined,
): Pick<Constraint, 'name' | 'valid' | 'isNew'> {
  const isTaken = (name: string): boolean => constraintInSchema(state, relation.schema, name)
  const name = node.conname ?? above ?? freeName(isTaken, relation.name, columns, label)
  return { name, valid: isValid(node), isNew: state.sealed }
}

/** The parser sets `initially_valid` unless NOT VALID is said; NOT ENFORCED proves nothing either. */
function isValid(node: ConstraintNode): boolean {
  return (
    node.skip_validation !== true &&
    (node.is_enforced === true || node.contype === 'CONSTR_NOTNULL')
  )
}
