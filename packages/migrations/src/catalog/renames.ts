import type { AlterObjectSchemaStmt, RenameStmt } from 'libpg-query'
import type { Index, ObjectName, Relation, UserType } from './catalog.ts'
import { sameType } from './column-types.ts'
import { moveRelation, patchRelation, removeIndex, setIndex, withKey } from './edits.ts'
import { withDescendants } from './partitions.ts'
import { renameColumns } from './rename-columns.ts'
import {
  dependentsOf,
  findIn,
  findIndex,
  findRelation,
  findType,
  isNameTaken,
  keyOf,
  parentOf,
} from './state.ts'
import type { CatalogState } from './state.ts'
import { objectName, relationName } from './syntax.ts'
import { setType } from './types.ts'

/** `ALTER ... RENAME` of anything. */
export function rename(state: CatalogState, statement: RenameStmt): boolean {
  const kind = statement.renameType ?? ''
  const to = statement.newname ?? ''
  if (kind === 'OBJECT_SCHEMA') return renameSchema(state, statement.subname ?? '', to)
  if (kind === 'OBJECT_TYPE' || kind === 'OBJECT_DOMAIN')
    return renameType(state, objectName(statement.object), to)
  if (FUNCTIONS.has(kind)) return moveFunction(state, objectName(statement.object), { name: to })
  if (statement.relation === undefined) return true
  return renameInRelation(state, statement, kind, to)
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
])
const UNNAMED: ReadonlySet<string> = new Set([
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
  'OBJECT_RULE',
  'OBJECT_ATTRIBUTE',
])

function renameInRelation(
  state: CatalogState,
  statement: RenameStmt,
  kind: string,
  to: string,
): boolean {
  if (UNNAMED.has(kind)) return true
  const name = relationName(statement.relation)
  const index = findIndex(state, name)
  if (index !== undefined) return renameIndex(state, index, to)
  if (kind === 'OBJECT_INDEX') return !state.complete || statement.missing_ok === true
  const relation = findRelation(state, name)
  if (relation === undefined) return statement.missing_ok === true
  const from = statement.subname ?? ''
  if (kind === 'OBJECT_COLUMN') return renameColumns(state, statement, relation, from, to)
  if (kind === 'OBJECT_TABCONSTRAINT') return renameConstraint(state, relation, from, to)
  if (isNameTaken(state, relation.schema, to)) return false
  moveRelation(state, relation, { schema: relation.schema, name: to })
  return true
}

function renameConstraint(
  state: CatalogState,
  relation: Relation,
  from: string,
  to: string,
): boolean {
  const constraint = relation.constraints.get(from)
  if (constraint === undefined) return relation.assumed
  if (relation.constraints.has(to) || parentOf(state, relation)?.constraints.has(from) === true)
    return false
  const isShared = constraint.kind === 'check' || constraint.kind === 'not-null'
  for (const id of isShared ? withDescendants(state, relation.id) : [relation.id])
    renameOneConstraint(state, id, from, to)
  return true
}

function renameOneConstraint(state: CatalogState, id: number, from: string, to: string): void {
  const relation = state.relations.get(id)
  if (relation === undefined) return
  const constraints = withKey(relation.constraints, from, to, (one) => ({ ...one, name: to }))
  patchRelation(state, relation.id, { constraints })
  const index = [...relation.indexes.values()].find((one) => one.constraint === from)
  if (index !== undefined) replaceIndex(state, index, { ...index, name: to, constraint: to })
}

/** The constraint behind an index is renamed with it. */
function renameIndex(state: CatalogState, index: Index, to: string): boolean {
  if (isNameTaken(state, index.schema, to)) return false
  const relation = state.relations.get(index.on)
  if (index.constraint === undefined || relation === undefined)
    replaceIndex(state, index, { ...index, name: to })
  else return renameConstraint(state, relation, index.constraint, to)
  return true
}

function replaceIndex(state: CatalogState, before: Index, after: Index): void {
  removeIndex(state, before)
  setIndex(state, after)
}

function renameType(state: CatalogState, name: ObjectName | undefined, to: string): boolean {
  const type = name === undefined ? undefined : findType(state, name)
  if (type === undefined) return !state.complete
  return moveType(state, type, { schema: type.schema, name: to })
}

function moveType(
  state: CatalogState,
  type: UserType,
  to: { schema: string; name: string },
): boolean {
  if (state.types.has(keyOf(to.schema, to.name))) return false
  state.journal.write(state.types, keyOf(type.schema, type.name), undefined)
  setType(state, { ...type, ...to })
  for (const relation of state.relations.values()) {
    const users = [...relation.columns.values()].filter((column) => sameType(column.type, type))
    if (users.length === 0) continue
    const columns = new Map(relation.columns)
    for (const column of users)
      columns.set(column.name, { ...column, type: { ...column.type, ...to } })
    patchRelation(state, relation.id, { columns })
  }
  for (const one of state.types.values()) {
    if (one.base !== undefined && sameType(one.base, type))
      setType(state, { ...one, base: { ...one.base, ...to } })
  }
  return true
}

function moveFunction(
  state: CatalogState,
  name: ObjectName | undefined,
  to: Partial<ObjectName>,
): boolean {
  const entry = name === undefined ? undefined : findIn(state, state.functions, name)
  if (entry === undefined || name === undefined) return true
  for (const [key, value] of state.functions) {
    if (value !== entry) continue
    const [schema = '', word = ''] = key.split('\0')
    state.journal.write(state.functions, key, undefined)
    state.journal.write(state.functions, keyOf(to.schema ?? schema, to.name ?? word), entry)
    break
  }
  return true
}

function renameSchema(state: CatalogState, from: string, to: string): boolean {
  const schema = state.schemas.get(from)
  if (state.schemas.has(to) || (schema === undefined && state.complete)) return false
  state.journal.write(state.schemas, from, undefined)
  state.journal.write(state.schemas, to, schema ?? { isNew: false })
  for (const relation of state.relations.values()) {
    if (relation.schema === from) moveRelation(state, relation, { schema: to, name: relation.name })
  }
  for (const type of state.types.values()) {
    if (type.schema === from) moveType(state, type, { schema: to, name: type.name })
  }
  for (const [key, entry] of state.functions) {
    if (!key.startsWith(keyOf(from, ''))) continue
    state.journal.write(state.functions, key, undefined)
    state.journal.write(state.functions, keyOf(to, key.slice(from.length + 1)), entry)
  }
  return true
}

/** `ALTER ... SET SCHEMA`. */
export function setSchema(state: CatalogState, statement: AlterObjectSchemaStmt): boolean {
  const schema = statement.newschema ?? ''
  const kind = statement.objectType ?? ''
  if (state.complete && !state.schemas.has(schema)) return false
  if (FUNCTIONS.has(kind)) return moveFunction(state, objectName(statement.object), { schema })
  if (kind === 'OBJECT_TYPE' || kind === 'OBJECT_DOMAIN') {
    const type = findType(state, objectName(statement.object) ?? { name: '' })
    return type === undefined ? !state.complete : moveType(state, type, { schema, name: type.name })
  }
  if (statement.relation === undefined) return true
  const relation = findRelation(state, relationName(statement.relation))
  if (relation === undefined) return statement.missing_ok === true
  if (isNameTaken(state, schema, relation.name)) return false
  moveRelation(state, relation, { schema, name: relation.name })
  for (const other of dependentsOf(state, relation.id)) {
    if (other.ownedBy?.relation === relation.id)
      moveRelation(state, other, { schema, name: other.name })
  }
  return true
}
