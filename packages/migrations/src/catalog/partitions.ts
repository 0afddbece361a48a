import type { Relation } from './catalog.ts'
import { patchRelation, setConstraint, setParent } from './edits.ts'
import { addIndex, draftFrom } from './indexes.ts'
import { addBacked } from './keys.ts'
import type { CatalogState } from './state.ts'

/** Makes one a partition of the other, with the indexes and keys that the parent asks for. */
export function attachPartition(
  state: CatalogState,
  parent: Relation,
  child: Relation,
  isDefault: boolean,
): void {
  setParent(state, child.id, parent.id)
  patchRelation(state, child.id, { isDefaultPartition: isDefault })
  copyIndexes(state, parent, child.id)
  for (const constraint of parent.constraints.values()) {
    const there = state.relations.get(child.id)?.constraints
    if (constraint.kind !== 'foreign' || there?.has(constraint.name) === true) continue
    setConstraint(state, child.id, { ...constraint, isNew: state.sealed })
  }
}

/** Gives the relation each index of the other that it does not have yet, under a generated name. */
export function copyIndexes(state: CatalogState, from: Relation, id: number): void {
  const adopted = new Set<string>()
  for (const index of from.indexes.values()) {
    const target = state.relations.get(id)
    if (target === undefined) return
    const same = [...target.indexes.values()].find(
      (one) =>
        !adopted.has(one.name) &&
        one.unique === index.unique &&
        one.partial === index.partial &&
        (one.constraint !== undefined || index.constraint === undefined) &&
        String(one.mentions) === String(index.mentions),
    )
    if (same === undefined) copyIndex(state, from, target, index.name)
    else adopted.add(same.name)
  }
}

function copyIndex(state: CatalogState, from: Relation, target: Relation, name: string): void {
  const index = from.indexes.get(name)
  if (index === undefined) return
  const kind =
    index.constraint === undefined ? undefined : from.constraints.get(index.constraint)?.kind
  if (kind === undefined) addIndex(state, target, draftFrom(index), undefined, 'idx')
  else if (kind === 'primary') addBacked(state, target, draftFrom(index), { label: 'pkey' })
  else addBacked(state, target, draftFrom(index), { label: kind === 'unique' ? 'key' : 'excl' })
}

/** The relation and all that inherit from it, however deep. */
export function withDescendants(state: CatalogState, id: number): number[] {
  const found = [id]
  for (const one of found)
    found.push(...(state.children.get(one) ?? []).filter((child) => !found.includes(child)))
  return found
}
