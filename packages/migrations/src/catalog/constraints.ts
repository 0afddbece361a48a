import type { Constraint as ConstraintNode, Node } from 'libpg-query'
import type { Constraint, Relation } from './catalog.ts'
import { setConstraint } from './edits.ts'
import { columnsIn, provesNotNull } from './expressions.ts'
import { holdsColumns } from './indexes.ts'
import { addExclusion, addKey } from './keys.ts'
import { addNotNull, base, inherited } from './not-null.ts'
import type { ConstraintPlace } from './not-null.ts'
import { joinedColumns } from './object-names.ts'
import { findRelation, primaryKey } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, relationName, words } from './syntax.ts'

/** Adds a constraint to a table. False where the server would refuse it. */
export function addConstraint(
  state: CatalogState,
  id: number,
  node: ConstraintNode,
  at: ConstraintPlace = {},
): boolean {
  const relation = state.relations.get(id)
  if (relation === undefined) return false
  const namesake = relation.constraints.get(node.conname ?? '')
  if (namesake) return isSameNotNull(namesake, node, at)
  const add = ADDERS[node.contype ?? '']
  return add === undefined || add(state, relation, node, at)
}

/** An identity column is NOT NULL already when a dump says so, under the same name. */
function isSameNotNull(
  there: Constraint,
  node: ConstraintNode,
  { column }: ConstraintPlace,
): boolean {
  return (
    node.contype === 'CONSTR_NOTNULL' && there.kind === 'not-null' && there.columns[0] === column
  )
}

type Adder = (
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  at: ConstraintPlace,
) => boolean

const ADDERS: Readonly<Record<string, Adder>> = {
  CONSTR_CHECK: addCheck,
  CONSTR_NOTNULL: addNotNull,
  CONSTR_PRIMARY: addKey,
  CONSTR_UNIQUE: addKey,
  CONSTR_EXCLUSION: addExclusion,
  CONSTR_FOREIGN: addForeignKey,
}

function addCheck(state: CatalogState, relation: Relation, node: ConstraintNode): boolean {
  const columns = columnsIn(node.raw_expr)
  if (!holdsColumns(relation, columns)) return false
  const only = columns.length === 1 ? columns[0] : undefined
  const above = inherited(state, relation, (one) => one.expression === node.raw_expr)
  setConstraint(state, relation.id, {
    ...base(state, relation, node, only, 'check', above),
    kind: 'check',
    columns,
    provesNotNull: provesNotNull(node.raw_expr),
    expression: node.raw_expr,
  })
  return true
}

function addForeignKey(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  at: ConstraintPlace,
): boolean {
  const columns = at.column === undefined ? words(node.fk_attrs) : [at.column]
  const target = findRelation(state, relationName(node.pktable))
  if (target === undefined || !holdsColumns(relation, columns)) return false
  const named = words(node.pk_attrs)
  const referenced = named.length > 0 ? named : (primaryKey(target)?.columns ?? [])
  if (!isKey(target, referenced)) return false
  const above = inherited(
    state,
    relation,
    (one) => one.kind === 'foreign' && String(one.columns) === String(columns),
  )
  setConstraint(state, relation.id, {
    ...base(state, relation, node, joinedColumns(columns), 'fkey', above),
    kind: 'foreign',
    columns,
    provesNotNull: [],
    references: { relation: target.id, columns: referenced },
  })
  return true
}

/** Whether a foreign key may refer to these columns: a unique index is on them. */
function isKey(target: Relation, columns: readonly string[]): boolean {
  if (target.assumed) return true
  const wanted = columns.toSorted().join('\0')
  return [...target.indexes.values()].some(
    (index) => index.unique && !index.partial && index.columns.toSorted().join('\0') === wanted,
  )
}

/** Which of the constraints of a new table the server makes first; within a step in the order of the text. */
export function creationStep(node: Node): number {
  const kind = payload(node, 'Constraint')?.contype
  return [
    'CONSTR_NOTNULL',
    'CONSTR_CHECK',
    'CONSTR_PRIMARY',
    'CONSTR_UNIQUE',
    'CONSTR_EXCLUSION',
    'CONSTR_FOREIGN',
  ].indexOf(kind ?? '')
}
