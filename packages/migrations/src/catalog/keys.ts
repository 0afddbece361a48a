import type { Constraint as ConstraintNode } from 'libpg-query'
import type { Relation } from './catalog.ts'
import { removeIndex, setConstraint, setIndex } from './edits.ts'
import { columnsIn } from './expressions.ts'
import { addIndex, holdsColumns } from './indexes.ts'
import type { IndexDraft } from './indexes.ts'
import { requireNotNull } from './not-null.ts'
import type { ConstraintPlace } from './not-null.ts'
import { primaryKey } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, words } from './syntax.ts'

/** PRIMARY KEY and UNIQUE. */
export function addKey(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  at: ConstraintPlace,
): boolean {
  if (node.indexname !== undefined) return adoptIndex(state, relation, node, node.indexname)
  const isPrimary = node.contype === 'CONSTR_PRIMARY'
  const columns = at.column === undefined ? words(node.keys) : [at.column]
  const including = words(node.including)
  if (!holdsColumns(relation, [...columns, ...including])) return false
  if (isPrimary && primaryKey(relation) !== undefined) return false
  const parts = [...columns, ...including]
  const draft: IndexDraft = {
    columns,
    mentions: parts,
    nameParts: parts,
    unique: true,
    partial: false,
  }
  addBacked(state, relation, draft, {
    name: node.conname,
    label: isPrimary ? 'pkey' : 'key',
    only: at.only === true,
  })
  return !isPrimary || columns.every((one) => requireNotNull(state, relation.id, one))
}

/** A constraint with the index behind it, both of one name. Partitions get theirs. */
export function addBacked(
  state: CatalogState,
  relation: Relation,
  draft: IndexDraft,
  as: {
    readonly name?: string | undefined
    readonly label: 'key' | 'pkey' | 'excl'
    readonly only?: boolean
  },
): void {
  const { label } = as
  const name = addIndex(state, relation, draft, as.name, label)
  const kind = label === 'pkey' ? 'primary' : label === 'key' ? 'unique' : 'exclude'
  const { columns } = draft
  setConstraint(state, relation.id, {
    name,
    kind,
    columns,
    valid: true,
    provesNotNull: [],
    isNew: state.sealed,
  })
  if (relation.kind !== 'partitioned' || as.only === true) return
  for (const id of state.children.get(relation.id) ?? []) {
    const child = state.relations.get(id)
    if (child !== undefined) addBacked(state, child, draft, { label })
  }
}

/** `USING INDEX`: the index takes the name of the constraint. */
function adoptIndex(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  indexName: string,
): boolean {
  const index = relation.indexes.get(indexName)
  if (index === undefined) return relation.assumed
  if (index.partial || !index.unique) return false
  const name = node.conname ?? index.name
  const isPrimary = node.contype === 'CONSTR_PRIMARY'
  const kind = isPrimary ? 'primary' : 'unique'
  const { columns } = index
  removeIndex(state, index)
  setIndex(state, { ...index, name, constraint: name })
  setConstraint(state, relation.id, {
    name,
    kind,
    columns,
    valid: true,
    provesNotNull: [],
    isNew: state.sealed,
  })
  return !isPrimary || columns.every((one) => requireNotNull(state, relation.id, one))
}

/** EXCLUDE. */
export function addExclusion(
  state: CatalogState,
  relation: Relation,
  node: ConstraintNode,
  at: ConstraintPlace,
): boolean {
  const elements = (node.exclusions ?? []).flatMap(
    (pair) => payload(pair, 'List')?.items?.[0] ?? [],
  )
  const columns = elements.flatMap((element) => payload(element, 'IndexElem')?.name ?? [])
  const mentions = [
    ...new Set([...columns, ...columnsIn(elements), ...columnsIn(node.where_clause)]),
  ]
  if (!holdsColumns(relation, mentions)) return false
  const draft: IndexDraft = { columns, mentions, nameParts: columns, unique: false, partial: true }
  addBacked(state, relation, draft, { name: node.conname, label: 'excl', only: at.only === true })
  return true
}
