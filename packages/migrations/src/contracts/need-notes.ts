import type { TypeName } from 'libpg-query'
import type { Catalog, ColumnType, ObjectName, Relation } from '../catalog/catalog.ts'
import { nameOf, words } from '../catalog/syntax.ts'
import type { Need } from '../rules/effect.ts'
import { fullName } from '../rules/object-names.ts'

/** Stands for every column, and for every name that a column may get. */
export const EVERY = '*'

/** Collects what a query uses, each once. */
export interface NeedNotes {
  readonly catalog: Catalog
  /** What is read along with a relation: all that a view is made of, and the partitions of a table. */
  readBy(relation: Relation): ReadonlySet<Relation>
  add(need: Need): void
  /** The query uses what the schema does not tell of: nobody can say what it needs. */
  giveUp(): void
  /** Undefined where it was given up. */
  all(): readonly Need[] | undefined
}

export function needNotes(catalog: Catalog): NeedNotes {
  const needs = new Map<string, Need>()
  const along = new Map<number, ReadonlySet<Relation>>()
  let readable = true
  return {
    catalog,
    readBy: (relation) => {
      const known = along.get(relation.id) ?? readBy(catalog, relation)
      along.set(relation.id, known)
      return known
    },
    add: (need) => needs.set(Object.values(need).join('\0'), need),
    giveUp: () => {
      readable = false
    },
    all: () => (readable ? [...needs.values()] : undefined),
  }
}

/** Notes a relation that a query names. */
export function noteRelation(notes: NeedNotes, relation: Relation, name: ObjectName): void {
  noteSchema(notes, name)
  const kind = relation.kind === 'sequence' ? 'sequence' : 'relation'
  notes.add({ kind, object: fullName(relation) })
  for (const each of notes.readBy(relation))
    notes.add({ kind: 'relation', object: fullName(each), through: true })
}

function readBy(catalog: Catalog, relation: Relation): ReadonlySet<Relation> {
  const found = new Set<Relation>()
  const follow = (one: Relation): void => {
    const parts: Relation[] = []
    for (const each of catalog.relations()) if (each.parent === one.id) parts.push(each)
    const based = [...one.reads.keys()].flatMap((id) => catalog.relationById(id) ?? [])
    for (const each of [...parts, ...based]) {
      if (found.has(each)) continue
      found.add(each)
      follow(each)
    }
  }
  follow(relation)
  return found
}

/** Notes a column, in what its relation inherits it from, and in what is read along with it. */
export function noteColumn(notes: NeedNotes, relation: Relation, member: string): void {
  const { catalog } = notes
  noteIn(notes, 'column', relation, member)
  noteLabels(notes, relation.columns.get(member)?.type)
  for (const parent of parents(catalog, relation)) noteIn(notes, 'column', parent, member)
  for (const each of readBy(catalog, relation))
    if (readsColumn(each, member, relation))
      notes.add({ kind: 'column', object: fullName(each), member, through: true })
}

/** A partition has the columns of its table; of a view's columns nobody knows which of its own tables they come from. */
function readsColumn(each: Relation, member: string, whole: Relation): boolean {
  return each.columns.has(member) || whole.reads.has(each.id)
}

function parents(catalog: Catalog, { parent }: Relation): Relation[] {
  const above = parent === undefined ? undefined : catalog.relationById(parent)
  return above ? [above, ...parents(catalog, above)] : []
}

function noteIn(notes: NeedNotes, kind: Need['kind'], relation: Relation, member: string): void {
  notes.add({ kind, object: fullName(relation), member })
}

/** Notes a name that stands for something else as long as the relation has no such column. */
export function noteName(notes: NeedNotes, relation: Relation, member: string): void {
  for (const each of [relation, ...parents(notes.catalog, relation)])
    noteIn(notes, 'name', each, member)
}

/** Notes all columns: named, whatever they are, and as the shape of what comes back. */
export function noteEveryColumn(notes: NeedNotes, relation: Relation): void {
  for (const column of relation.columns.keys()) noteColumn(notes, relation, column)
  noteColumn(notes, relation, EVERY)
}

/** Notes columns that are filled, and those that a new row leaves to the server. */
export function noteWrite(
  notes: NeedNotes,
  relation: Relation,
  columns: readonly string[],
  isInsert: boolean,
): void {
  for (const column of columns) noteColumn(notes, relation, column)
  const leftOut = isInsert
    ? [...relation.columns.keys()].filter((column) => !columns.includes(column))
    : []
  for (const each of [relation, ...parents(notes.catalog, relation), ...notes.readBy(relation)]) {
    const isPart = each !== relation && !relation.reads.has(each.id)
    const through = isPart ? ({ through: true } as const) : {}
    const object = fullName(each)
    for (const member of columns) notes.add({ kind: 'write', object, member, ...through })
    for (const member of leftOut) notes.add({ kind: 'insert', object, member, ...through })
    if (isInsert) notes.add({ kind: 'insert', object, member: EVERY, ...through })
    if (isInsert && relation.assumed) notes.add({ kind: 'insert', object, ...through })
    if (isInsert && each.kind !== 'view') noteBaseInsert(notes, each, columns, leftOut)
  }
  for (const column of leftOut) noteNumbering(notes, relation, column)
}

/** A view may leave columns of its table out for everybody. */
function noteBaseInsert(
  notes: NeedNotes,
  base: Relation,
  columns: readonly string[],
  leftOut: readonly string[],
): void {
  const hidden = [...base.columns.keys()].filter(
    (column) => !columns.includes(column) && !leftOut.includes(column),
  )
  for (const member of hidden) notes.add({ kind: 'insert', object: fullName(base), member })
}

/** The sequence behind a column that is left to the server. */
function noteNumbering(notes: NeedNotes, relation: Relation, column: string): void {
  if (relation.columns.get(column)?.filled === undefined) return
  for (const each of notes.catalog.relations()) {
    if (each.ownedBy?.relation !== relation.id || each.ownedBy.column !== column) continue
    notes.add({ kind: 'sequence', object: fullName(each), through: true })
  }
}

/** Notes a type that a query names, its labels with it: parameters may be any of them. */
export function noteType(notes: NeedNotes, type: TypeName | undefined): void {
  const name = nameOf(words(type?.names))
  if (name === undefined || name.schema === 'pg_catalog') return
  noteSchema(notes, name)
  const known = notes.catalog.type(name)
  for (const object of known ? [fullName(known)] : candidates(notes.catalog, name))
    notes.add({ kind: 'type', object })
  if (known?.kind === 'enum') notes.add({ kind: 'label', object: fullName(known) })
}

/** Values of an enum are labels, whether they are read or written; a composite value has the shape of its type. */
function noteLabels(notes: NeedNotes, type: ColumnType | undefined): void {
  if (type?.schema === undefined) return
  const known = notes.catalog.type({ schema: type.schema, name: type.name })
  if (known?.kind === 'enum') notes.add({ kind: 'label', object: fullName(known) })
  if (known?.kind === 'composite') notes.add({ kind: 'type', object: fullName(known) })
}

/** Notes a function. Which schema of the search path has it, the schema does not tell. */
export function noteFunction(notes: NeedNotes, name: ObjectName | undefined): void {
  if (name === undefined || name.schema === 'pg_catalog') return
  noteSchema(notes, name)
  for (const object of candidates(notes.catalog, name)) notes.add({ kind: 'function', object })
}

/** Notes a schema that is written out. */
function noteSchema(notes: NeedNotes, { schema }: ObjectName): void {
  if (schema !== undefined) notes.add({ kind: 'schema', object: schema })
}

function candidates({ searchPath }: Catalog, { schema, name }: ObjectName): string[] {
  return (schema === undefined ? searchPath : [schema]).map((each) => `${each}.${name}`)
}
