import type { Column, Constraint, Index, Relation } from './catalog.ts'
import { keyOf } from './state.ts'
import type { CatalogState, NameEntry } from './state.ts'

/** Changes to one relation; `undefined` for `parent` takes it away. */
export type RelationPatch = Partial<Omit<Relation, 'id' | 'schema' | 'name' | 'parent'>>

/**
 * Every write of a relation comes through here: the names of its constraints are counted for each schema, and what it depends on
 * knows it, so that nobody has to look through all relations for that.
 */
export function writeRelation(state: CatalogState, id: number, next: Relation | undefined): void {
  const before = state.relations.get(id)
  state.journal.write(state.relations, id, next)
  writeDependents(state, id, before, next)
  if (before?.constraints === next?.constraints && before?.schema === next?.schema) return
  const isSame = before?.schema === next?.schema
  for (const name of before?.constraints.keys() ?? []) {
    if (!isSame || next?.constraints.has(name) !== true)
      count(state, keyOf(before?.schema ?? '', name), -1)
  }
  for (const name of next?.constraints.keys() ?? []) {
    if (!isSame || before?.constraints.has(name) !== true)
      count(state, keyOf(next?.schema ?? '', name), 1)
  }
}

function writeDependents(
  state: CatalogState,
  id: number,
  before: Relation | undefined,
  next: Relation | undefined,
): void {
  if (before && next && LINKS.every((link) => before[link] === next[link])) return
  const needed = needs(before)
  const needing = needs(next)
  for (const on of needed) if (!needing.has(on)) writeDependent(state, on, id, false)
  for (const on of needing) if (!needed.has(on)) writeDependent(state, on, id, true)
}

const LINKS = ['reads', 'constraints', 'parent', 'ownedBy'] as const

function needs(relation: Relation | undefined): Set<number> {
  const found = new Set(relation?.reads.keys())
  for (const { references } of relation?.constraints.values() ?? [])
    if (references) found.add(references.relation)
  if (relation?.parent !== undefined) found.add(relation.parent)
  if (relation?.ownedBy) found.add(relation.ownedBy.relation)
  return found
}

function writeDependent(state: CatalogState, on: number, id: number, isOne: boolean): void {
  const now = new Set(state.dependents.get(on))
  if (isOne) now.add(id)
  else now.delete(id)
  state.journal.write(state.dependents, on, now.size === 0 ? undefined : now)
}

function count(state: CatalogState, key: string, change: number): void {
  const now = (state.constraintNames.get(key) ?? 0) + change
  state.journal.write(state.constraintNames, key, now === 0 ? undefined : now)
}

export function addRelation(state: CatalogState, relation: Relation): void {
  const key = keyOf(relation.schema, relation.name)
  const before = state.names.get(key)
  if (before?.kind === 'relation') writeRelation(state, before.id, undefined)
  writeRelation(state, relation.id, relation)
  state.journal.write<string, NameEntry>(state.names, key, { kind: 'relation', id: relation.id })
  if (relation.parent !== undefined) addChild(state, relation.parent, relation.id)
}

export function patchRelation(state: CatalogState, id: number, patch: RelationPatch): void {
  const relation = state.relations.get(id)
  if (relation !== undefined) writeRelation(state, id, { ...relation, ...patch })
}

export function setParent(state: CatalogState, id: number, parent: number | undefined): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  const { parent: before, ...rest } = relation
  if (before !== undefined) removeChild(state, before, id)
  if (parent !== undefined) addChild(state, parent, id)
  writeRelation(state, id, parent === undefined ? rest : { ...rest, parent })
}

/** Takes the relation away with its indexes; what depends on it is the caller's. */
export function removeRelation(state: CatalogState, relation: Relation): void {
  for (const index of relation.indexes.values()) leaveName(state, index.schema, index.name)
  leaveName(state, relation.schema, relation.name)
  if (relation.parent !== undefined) removeChild(state, relation.parent, relation.id)
  writeRelation(state, relation.id, undefined)
}

/** Gives the relation, its indexes and nothing else another schema or name. */
export function moveRelation(
  state: CatalogState,
  relation: Relation,
  to: { schema: string; name: string },
): void {
  leaveName(state, relation.schema, relation.name)
  state.journal.write<string, NameEntry>(state.names, keyOf(to.schema, to.name), {
    kind: 'relation',
    id: relation.id,
  })
  const indexes = new Map<string, Index>()
  for (const index of relation.indexes.values()) {
    indexes.set(index.name, { ...index, schema: to.schema })
    if (index.schema !== to.schema) moveIndexName(state, index, to.schema)
  }
  writeRelation(state, relation.id, { ...relation, ...to, indexes })
}

function moveIndexName(state: CatalogState, index: Index, schema: string): void {
  leaveName(state, index.schema, index.name)
  state.journal.write<string, NameEntry>(state.names, keyOf(schema, index.name), {
    kind: 'index',
    id: index.on,
  })
}

/** In an incomplete catalog a mark stays behind: the name is not assumed to exist again. */
function leaveName(state: CatalogState, schema: string, name: string): void {
  const mark: NameEntry | undefined = state.complete ? undefined : { kind: 'gone' }
  state.journal.write(state.names, keyOf(schema, name), mark)
}

export function setColumn(state: CatalogState, id: number, column: Column): void {
  const relation = state.relations.get(id)
  if (relation !== undefined)
    patchRelation(state, id, { columns: withEntry(relation.columns, column.name, column) })
}

export function patchColumn(
  state: CatalogState,
  id: number,
  name: string,
  patch: Partial<Column>,
): void {
  const column = state.relations.get(id)?.columns.get(name)
  if (column !== undefined) setColumn(state, id, { ...column, ...patch })
}

export function setConstraint(state: CatalogState, id: number, constraint: Constraint): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  patchRelation(state, id, {
    constraints: withEntry(relation.constraints, constraint.name, constraint),
  })
}

/** Takes the constraint away, and the index behind it. */
export function removeConstraint(state: CatalogState, id: number, name: string): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  patchRelation(state, id, { constraints: withoutEntry(relation.constraints, name) })
  const backing = [...relation.indexes.values()].find((index) => index.constraint === name)
  if (backing !== undefined) removeIndex(state, backing)
}

export function setIndex(state: CatalogState, index: Index): void {
  const relation = state.relations.get(index.on)
  if (relation === undefined) return
  patchRelation(state, index.on, { indexes: withEntry(relation.indexes, index.name, index) })
  state.journal.write<string, NameEntry>(state.names, keyOf(index.schema, index.name), {
    kind: 'index',
    id: index.on,
  })
}

export function removeIndex(state: CatalogState, index: Index): void {
  const relation = state.relations.get(index.on)
  if (relation === undefined) return
  patchRelation(state, index.on, { indexes: withoutEntry(relation.indexes, index.name) })
  leaveName(state, index.schema, index.name)
}

function addChild(state: CatalogState, parent: number, child: number): void {
  state.journal.write<number, readonly number[]>(state.children, parent, [
    ...(state.children.get(parent) ?? []),
    child,
  ])
}

function removeChild(state: CatalogState, parent: number, child: number): void {
  const left = (state.children.get(parent) ?? []).filter((id) => id !== child)
  state.journal.write<number, readonly number[]>(state.children, parent, left)
}

/** A copy with one entry set, in its old place where it was there. */
function withEntry<V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> {
  return new Map(map).set(key, value)
}

export function withoutEntry<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}

/** A copy with one key changed, the order kept. */
export function withKey<V>(
  map: ReadonlyMap<string, V>,
  from: string,
  to: string,
  change: (value: V) => V,
): ReadonlyMap<string, V> {
  return new Map(
    [...map].map(([key, value]) => (key === from ? [to, change(value)] : [key, value])),
  )
}
