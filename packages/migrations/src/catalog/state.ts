import type { TypeName } from 'libpg-query'
import type { ColumnType, Constraint, Index, ObjectName, Relation, UserType } from './catalog.ts'
import { columnType } from './column-types.ts'
import { createJournal } from './journal.ts'
import type { Journal } from './journal.ts'
import { TEMPORARY } from './syntax.ts'

/** What a name in the name space of tables and indexes stands for; `gone` was taken away, so it is not assumed any more. */
export type NameEntry =
  | { readonly kind: 'relation' | 'index'; readonly id: number }
  | { readonly kind: 'gone' }

export interface FunctionEntry {
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly isNew: boolean
  /** What each signature gives back, as a comparable text; those that are known. */
  readonly results: ReadonlyMap<string, string>
}

/** Everything that a catalog holds. Values are never changed in place: each write replaces one and can be undone. */
export interface CatalogState {
  readonly complete: boolean
  readonly journal: Journal
  readonly relations: Map<number, Relation>
  readonly names: Map<string, NameEntry>
  /** How many constraints in a schema have a name: generated names avoid it. */
  readonly constraintNames: Map<string, number>
  readonly children: Map<number, readonly number[]>
  /** By relation: those that read it, refer to it, inherit from it or are owned by it. Written with every relation. */
  readonly dependents: Map<number, ReadonlySet<number>>
  readonly types: Map<string, UserType>
  readonly functions: Map<string, FunctionEntry>
  readonly schemas: Map<string, { readonly isNew: boolean }>
  /** Of the session: `search_path` and `timezone`. */
  readonly settings: Map<string, readonly string[]>
  /** What new sessions begin with. */
  readonly defaults: Map<string, readonly string[]>
  sealed: boolean
  nextId: number
}

export function createState(complete: boolean): CatalogState {
  return {
    complete,
    journal: createJournal(),
    relations: new Map(),
    names: new Map(),
    constraintNames: new Map(),
    children: new Map(),
    dependents: new Map(),
    types: new Map(),
    functions: new Map(),
    schemas: new Map([['public', { isNew: false }]]),
    settings: new Map(),
    defaults: new Map([['search_path', ['public']]]),
    sealed: false,
    nextId: 1,
  }
}

/** One key for a name in a schema; a NUL can stand in neither. */
export function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`
}

export function searchPath(state: CatalogState): readonly string[] {
  return state.settings.get('search_path') ?? state.defaults.get('search_path') ?? ['public']
}

/** The schema that a new object goes to; undefined where there is none, which the server refuses. */
export function targetSchema(state: CatalogState, name: ObjectName): string | undefined {
  if (name.schema !== undefined) {
    const known = name.schema === TEMPORARY || state.schemas.has(name.schema) || !state.complete
    return known ? name.schema : undefined
  }
  const path = searchPath(state)
  return path.find((schema) => state.schemas.has(schema)) ?? (state.complete ? undefined : path[0])
}

/** By name through the search path, temporary ones first. */
export function findIn<V>(
  state: CatalogState,
  map: ReadonlyMap<string, V>,
  name: ObjectName,
): V | undefined {
  if (name.schema !== undefined) return map.get(keyOf(name.schema, name.name))
  const temporary = map.get(keyOf(TEMPORARY, name.name))
  if (temporary !== undefined) return temporary
  for (const schema of searchPath(state)) {
    const found = map.get(keyOf(schema, name.name))
    if (found !== undefined) return found
  }
  return undefined
}

/** Relations that read it, refer to it, inherit from it or are owned by it; a copy, so that they may be written meanwhile. */
export function dependentsOf(state: CatalogState, id: number): readonly Relation[] {
  const ids = state.dependents.get(id)
  return ids ? [...ids].flatMap((each) => state.relations.get(each) ?? []) : []
}

/** By name; where the catalog is incomplete, a name that is not known is taken to be a table. */
export function findRelation(state: CatalogState, name: ObjectName): Relation | undefined {
  const entry = findIn(state, state.names, name)
  if (entry !== undefined)
    return entry.kind === 'relation' ? state.relations.get(entry.id) : undefined
  if (state.complete || name.name === '' || SYSTEM.has(name.schema ?? '')) return undefined
  return assume(state, name)
}

const SYSTEM: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema', TEMPORARY])

/** Not journaled: to assume a table says nothing new, and its id has to stay the same after a ROLLBACK. */
function assume(state: CatalogState, name: ObjectName): Relation {
  const schema = name.schema ?? searchPath(state)[0] ?? 'public'
  const relation: Relation = {
    ...emptyRelation(state, schema, name.name),
    isNew: false,
    assumed: true,
  }
  state.relations.set(relation.id, relation)
  state.names.set(keyOf(schema, name.name), { kind: 'relation', id: relation.id })
  return relation
}

/** A table without anything in it, with an id of its own. */
export function emptyRelation(state: CatalogState, schema: string, name: string): Relation {
  const id = state.nextId
  state.nextId += 1
  return {
    id,
    schema,
    name,
    kind: 'table',
    columns: new Map(),
    constraints: new Map(),
    indexes: new Map(),
    isDefaultPartition: false,
    reads: new Map(),
    isNew: state.sealed,
    temporary: schema === TEMPORARY,
    assumed: false,
  }
}

export function findIndex(state: CatalogState, name: ObjectName): Index | undefined {
  const entry = findIn(state, state.names, name)
  return entry?.kind === 'index' ? state.relations.get(entry.id)?.indexes.get(name.name) : undefined
}

export function findType(state: CatalogState, name: ObjectName): UserType | undefined {
  return findIn(state, state.types, name)
}

export function typeOf(state: CatalogState, type: TypeName | undefined): ColumnType {
  return columnType(type, (name) => findType(state, name))
}

/** Whether a constraint of this name is anywhere in the schema, which generated names avoid. */
export function constraintInSchema(state: CatalogState, schema: string, name: string): boolean {
  return state.constraintNames.has(keyOf(schema, name))
}

/** Whether a table, index, view or sequence has this name. */
export function isNameTaken(state: CatalogState, schema: string, name: string): boolean {
  const entry = state.names.get(keyOf(schema, name))
  if (entry === undefined || entry.kind === 'gone') return false
  return entry.kind === 'index' || state.relations.get(entry.id)?.assumed !== true
}

/** The partitioned table or the table that it inherits from. */
export function parentOf(state: CatalogState, relation: Relation): Relation | undefined {
  return relation.parent === undefined ? undefined : state.relations.get(relation.parent)
}

/** The primary key of a relation. */
export function primaryKey(relation: Relation): Constraint | undefined {
  for (const constraint of relation.constraints.values()) {
    if (constraint.kind === 'primary') return constraint
  }
  return undefined
}
