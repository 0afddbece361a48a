import type { DropStmt, Node } from 'libpg-query'
import type { Column, Index, Relation, UserType } from './catalog.ts'
import { sameType } from './column-types.ts'
import {
  patchColumn,
  patchRelation,
  removeConstraint,
  removeIndex,
  removeRelation,
  withoutEntry,
} from './edits.ts'
import { dependentsOf, findIn, findIndex, findRelation, findType, keyOf } from './state.ts'
import type { CatalogState } from './state.ts'
import { objectName, payload } from './syntax.ts'

/** `DROP` of anything. False where the server would refuse it because something depends on it. */
export function drop(state: CatalogState, statement: DropStmt): boolean {
  const cascade = statement.behavior === 'DROP_CASCADE'
  const missingOk = statement.missing_ok === true
  const objects = statement.objects ?? []
  const kind = statement.removeType ?? ''
  if (kind === 'OBJECT_INDEX') return objects.every((node) => dropIndex(state, node, missingOk))
  if (kind === 'OBJECT_TYPE' || kind === 'OBJECT_DOMAIN') {
    return objects.every((node) => dropTypeNamed(state, node, cascade, missingOk))
  }
  if (kind === 'OBJECT_SCHEMA')
    return objects.every((node) => dropSchema(state, node, cascade, missingOk))
  if (FUNCTIONS.has(kind)) return objects.every((node) => dropFunction(state, node))
  return !RELATIONS.has(kind) || dropRelations(state, objects, cascade, missingOk)
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_AGGREGATE',
])
const RELATIONS: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
])

function dropRelations(
  state: CatalogState,
  objects: readonly Node[],
  cascade: boolean,
  missingOk: boolean,
): boolean {
  const found = objects.map((node) => findRelation(state, objectName(node) ?? { name: '' }))
  if (!missingOk && found.includes(undefined)) return false
  const relations = found.filter((relation) => relation !== undefined)
  const going = new Set(relations.map((relation) => relation.id))
  for (const relation of relations) addPartitions(state, relation, going)
  if (!cascade && [...going].some((id) => isHeld(state, id, going))) return false
  for (const id of going) removeWithDependents(state, id)
  return true
}

/** Partitions go with their table without CASCADE; tables that inherit do not. */
function addPartitions(state: CatalogState, relation: Relation, going: Set<number>): void {
  if (relation.kind !== 'partitioned') return
  for (const id of state.children.get(relation.id) ?? []) {
    const child = state.relations.get(id)
    if (child === undefined || going.has(id)) continue
    going.add(id)
    addPartitions(state, child, going)
  }
}

function isHeld(state: CatalogState, id: number, going: ReadonlySet<number>): boolean {
  if ((state.children.get(id) ?? []).some((child) => !going.has(child))) return true
  for (const other of dependentsOf(state, id)) {
    if (going.has(other.id)) continue
    if (other.reads.has(id)) return true
    for (const one of other.constraints.values()) if (one.references?.relation === id) return true
  }
  return false
}

/** Takes the relation away with its views, partitions, sequences and the foreign keys that refer to it. */
function removeWithDependents(state: CatalogState, id: number): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  removeRelation(state, relation)
  for (const child of state.children.get(id) ?? []) removeWithDependents(state, child)
  for (const other of dependentsOf(state, id)) {
    if (other.reads.has(id) || other.ownedBy?.relation === id) removeWithDependents(state, other.id)
    for (const one of other.constraints.values()) {
      if (one.references?.relation === id) removeConstraint(state, other.id, one.name)
    }
  }
}

function dropIndex(state: CatalogState, node: Node, missingOk: boolean): boolean {
  const index = findIndex(state, objectName(node) ?? { name: '' })
  if (index === undefined) return missingOk || !state.complete
  if (index.constraint !== undefined) return false
  removeIndexTree(state, index)
  return true
}

/** Partitions lose the indexes that they got through their parent. */
function removeIndexTree(state: CatalogState, index: Index): void {
  const isPartitioned = state.relations.get(index.on)?.kind === 'partitioned'
  if (index.constraint === undefined) removeIndex(state, index)
  else removeConstraint(state, index.on, index.constraint)
  for (const id of isPartitioned ? (state.children.get(index.on) ?? []) : []) {
    const below = [...(state.relations.get(id)?.indexes.values() ?? [])].find((one) =>
      isCopy(one, index),
    )
    if (below !== undefined) removeIndexTree(state, below)
  }
}

function isCopy(one: Index, of: Index): boolean {
  if (one.unique !== of.unique || one.partial !== of.partial) return false
  return (
    (one.constraint === undefined) === (of.constraint === undefined) &&
    String(one.mentions) === String(of.mentions)
  )
}

/** Takes the column away with its indexes and constraints; views and keys of other tables only go with `cascade`. */
export function dropColumn(
  state: CatalogState,
  relation: Relation,
  column: string,
  cascade: boolean,
): boolean {
  const views = dependentsOf(state, relation.id).filter((one) =>
    one.reads.get(relation.id)?.has(column),
  )
  const keys = referring(state, relation.id, [column])
  const made = madeOf(relation, column)
  if (
    !cascade &&
    views.length + made.length + keys.filter((key) => key.from !== relation.id).length > 0
  )
    return false
  for (const view of views) removeWithDependents(state, view.id)
  for (const key of keys) removeConstraint(state, key.from, key.name)
  for (const constraint of relation.constraints.values()) {
    if (constraint.columns.includes(column)) removeConstraint(state, relation.id, constraint.name)
  }
  for (const index of state.relations.get(relation.id)?.indexes.values() ?? []) {
    if (index.mentions.includes(column)) removeIndex(state, index)
  }
  for (const sequence of dependentsOf(state, relation.id)) {
    const owner = sequence.ownedBy
    if (owner?.relation === relation.id && owner.column === column) removeRelation(state, sequence)
  }
  const columns = state.relations.get(relation.id)?.columns ?? relation.columns
  patchRelation(state, relation.id, { columns: withoutEntry(columns, column) })
  return made.every((one) => {
    const now = state.relations.get(relation.id)
    return now === undefined || dropColumn(state, now, one, true)
  })
}

/** Generated columns that are made of this one. */
export function madeOf(relation: Relation, column: string): string[] {
  return [...relation.columns.values()].flatMap(({ name, madeOf: from }) =>
    from?.includes(column) === true ? [name] : [],
  )
}

export function dropConstraint(
  state: CatalogState,
  relation: Relation,
  name: string,
  cascade: boolean,
): boolean {
  const constraint = relation.constraints.get(name)
  if (constraint === undefined) return false
  const isKey = constraint.kind === 'primary' || constraint.kind === 'unique'
  const keys = isKey ? referring(state, relation.id, constraint.columns, true) : []
  if (!cascade && keys.length > 0) return false
  for (const key of keys) removeConstraint(state, key.from, key.name)
  const index = [...relation.indexes.values()].find((one) => one.constraint === name)
  if (index === undefined) removeConstraint(state, relation.id, name)
  else removeIndexTree(state, index)
  const [column] = constraint.columns
  if (constraint.kind === 'not-null' && column !== undefined)
    patchColumn(state, relation.id, column, { notNull: false })
  return true
}

/** Foreign keys that refer to one of these columns, or to exactly all of them. */
function referring(
  state: CatalogState,
  id: number,
  columns: readonly string[],
  exactly = false,
): { readonly from: number; readonly name: string }[] {
  const matches = (referred: readonly string[]): boolean =>
    exactly
      ? referred.toSorted().join('\0') === columns.toSorted().join('\0')
      : referred.some((column) => columns.includes(column))
  return dependentsOf(state, id).flatMap((other) =>
    [...other.constraints.values()]
      .filter((one) => one.references?.relation === id && matches(one.references.columns))
      .map((one) => ({ from: other.id, name: one.name })),
  )
}

function dropTypeNamed(
  state: CatalogState,
  node: Node,
  cascade: boolean,
  missingOk: boolean,
): boolean {
  const type = findType(state, objectName(node) ?? { name: '' })
  if (type === undefined) return missingOk || !state.complete
  return dropType(state, type, cascade)
}

function dropType(state: CatalogState, type: UserType, cascade: boolean): boolean {
  const uses = (column: Column): boolean => sameType(column.type, type)
  const users = [...state.relations.values()].filter((relation) =>
    [...relation.columns.values()].some(uses),
  )
  const over = [...state.types.values()].filter(
    (one) => one.base !== undefined && sameType(one.base, type),
  )
  if (!cascade && users.length + over.length > 0) return false
  for (const relation of users) {
    for (const column of relation.columns.values()) {
      const now = state.relations.get(relation.id)
      if (now !== undefined && uses(column)) dropColumn(state, now, column.name, true)
    }
  }
  for (const one of over) dropType(state, one, true)
  state.journal.write(state.types, keyOf(type.schema, type.name), undefined)
  return true
}

function dropSchema(
  state: CatalogState,
  node: Node,
  cascade: boolean,
  missingOk: boolean,
): boolean {
  const name = payload(node, 'String')?.sval ?? ''
  if (state.complete && !state.schemas.has(name)) return missingOk
  const relations = [...state.relations.values()].filter((one) => one.schema === name)
  const types = [...state.types.values()].filter((one) => one.schema === name)
  if (!cascade && relations.length + types.length > 0) return false
  for (const relation of relations) removeWithDependents(state, relation.id)
  for (const type of types) dropType(state, type, true)
  for (const key of state.functions.keys()) {
    if (key.startsWith(keyOf(name, ''))) state.journal.write(state.functions, key, undefined)
  }
  state.journal.write(state.schemas, name, undefined)
  return true
}

function dropFunction(state: CatalogState, node: Node): boolean {
  const name = objectName(node)
  if (name === undefined || findIn(state, state.functions, name) === undefined) return true
  const schemas = name.schema === undefined ? [...state.schemas.keys()] : [name.schema]
  const holder = schemas.find((schema) => state.functions.has(keyOf(schema, name.name)))
  if (holder !== undefined)
    state.journal.write(state.functions, keyOf(holder, name.name), undefined)
  return true
}
