import type { IndexStmt, Node } from 'libpg-query'
import type { Index, Relation } from './catalog.ts'
import { setIndex } from './edits.ts'
import { columnsIn, outcomeName } from './expressions.ts'
import { freeName, joinedColumns } from './object-names.ts'
import { constraintInSchema, findRelation, isNameTaken } from './state.ts'
import type { CatalogState } from './state.ts'
import { payload, relationName } from './syntax.ts'

/** What an index is made of, before it is on a table. */
export interface IndexDraft {
  readonly columns: readonly string[]
  readonly mentions: readonly string[]
  /** Names of keys and INCLUDE columns as a generated name joins them. */
  readonly nameParts: readonly string[]
  readonly unique: boolean
  readonly partial: boolean
  readonly constraint?: string
}

/** `CREATE INDEX`; without a name it gets the one that the server would make. On a partitioned table the partitions get theirs. */
export function createIndex(state: CatalogState, statement: IndexStmt): boolean {
  const relation = findRelation(state, relationName(statement.relation))
  if (relation === undefined) return false
  const name = statement.idxname
  if (name !== undefined && isNameTaken(state, relation.schema, name))
    return statement.if_not_exists === true
  const draft = draftOf(statement)
  if (!holdsColumns(relation, draft.mentions)) return false
  addIndex(state, relation, draft, name, 'idx')
  if (statement.relation?.inh === true) addToPartitions(state, relation, draft)
  return true
}

/** Whether the relation has these columns; of an assumed one nobody knows. */
export function holdsColumns(relation: Relation, columns: readonly string[]): boolean {
  return (
    relation.assumed ||
    columns.every((column) => relation.columns.has(column) || SYSTEM.has(column))
  )
}

const SYSTEM: ReadonlySet<string> = new Set(['tableoid', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax'])

/** Puts the index on the relation. Gives its name. */
export function addIndex(
  state: CatalogState,
  relation: Relation,
  draft: IndexDraft,
  name: string | undefined,
  label: 'idx' | 'key' | 'pkey' | 'excl',
): string {
  const columns = label === 'pkey' ? undefined : joinedColumns(draft.nameParts)
  const isTaken = (candidate: string): boolean =>
    isNameTaken(state, relation.schema, candidate) ||
    (label !== 'idx' && constraintInSchema(state, relation.schema, candidate))
  const chosen = name ?? freeName(isTaken, relation.name, columns, label)
  setIndex(state, indexOf(relation, draft, chosen, label !== 'idx', state.sealed))
  return chosen
}

function indexOf(
  relation: Relation,
  draft: IndexDraft,
  name: string,
  backs: boolean,
  isNew: boolean,
): Index {
  const { columns, mentions, unique, partial } = draft
  const base = {
    name,
    schema: relation.schema,
    on: relation.id,
    columns,
    mentions,
    unique,
    partial,
    isNew,
  }
  return backs ? { ...base, constraint: name } : base
}

function addToPartitions(state: CatalogState, parent: Relation, draft: IndexDraft): void {
  if (parent.kind !== 'partitioned') return
  for (const id of state.children.get(parent.id) ?? []) {
    const child = state.relations.get(id)
    if (child === undefined) continue
    addIndex(state, child, draft, undefined, 'idx')
    addToPartitions(state, child, draft)
  }
}

/** The draft of an index that is there, for a copy of it elsewhere. */
export function draftFrom(index: Index): IndexDraft {
  const { columns, mentions, unique, partial } = index
  const nameParts = mentions.length > 0 && columns.length === 0 ? ['expr'] : columns
  return { columns, mentions, nameParts, unique, partial }
}

function draftOf(statement: IndexStmt): IndexDraft {
  const keys = statement.indexParams ?? []
  const all = [...keys, ...(statement.indexIncludingParams ?? [])]
  const columns = keys.flatMap((key) => payload(key, 'IndexElem')?.name ?? [])
  return {
    columns,
    mentions: [...new Set([...all.flatMap(mentionsOf), ...columnsIn(statement.whereClause)])],
    nameParts: nameParts(all),
    unique: statement.unique === true,
    partial: statement.whereClause !== undefined || columns.length < keys.length,
  }
}

function mentionsOf(key: Node): readonly string[] {
  const element = payload(key, 'IndexElem')
  return element?.name === undefined ? columnsIn(element?.expr) : [element.name]
}

/** Each key by its name, an expression by what its outcome would be called; a number is added to what is there twice. */
function nameParts(keys: readonly Node[]): string[] {
  const parts: string[] = []
  for (const key of keys) {
    const element = payload(key, 'IndexElem')
    const wanted = element?.name ?? outcomeName(element?.expr) ?? 'expr'
    let part = wanted
    for (let pass = 1; parts.includes(part); pass += 1) part = `${wanted}${pass}`
    parts.push(part)
  }
  return parts
}
