import type { FuncCall, Node, RangeVar } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { nameOf, payload, relationName, words } from '../catalog/syntax.ts'
import { fullName } from '../rules/object-names.ts'
import { EVERY, noteFunction, noteRelation } from './need-notes.ts'
import type { NeedNotes } from './need-notes.ts'
import type { Scope, Source } from './need-scope.ts'

/** A relation as an item of FROM. */
export function sourceOf(relation: Relation, alias: string, names: readonly string[] = []): Source {
  const columns = [...relation.columns.keys()].map((origin, place) => ({
    name: names[place] ?? origin,
    origin,
  }))
  return { alias, columns, relation }
}

/** The relation that a query names, noted. What belongs to the server itself is left out; of what nobody knows, nothing is told. */
export function relationOf(notes: NeedNotes, range: RangeVar | undefined): Relation | undefined {
  const name = relationName(range)
  if (isOfServer(name.schema, name.name)) return undefined
  const relation = notes.catalog.relation(name)
  if (relation === undefined) notes.giveUp()
  else noteRelation(notes, relation, name)
  return relation
}

function isOfServer(schema: string | undefined, name: string): boolean {
  if (schema === undefined) return name.startsWith('pg_')
  return schema === 'pg_catalog' || schema === 'information_schema'
}

/** Whoever groups by a primary key may select any column of its table; without the key, the server refuses. */
export function noteGroupingKeys(
  notes: NeedNotes,
  targets: readonly Node[],
  groups: readonly Node[] | undefined,
  { sources }: Scope,
): void {
  const grouped = new Set((groups ?? []).flatMap(lastField))
  const isFree = targets.some((node) =>
    lastField(payload(node, 'ResTarget')?.val).some((name) => !grouped.has(name)),
  )
  if (grouped.size === 0 || !isFree) return
  for (const { relation } of sources) {
    const key = [...(relation?.constraints.values() ?? [])].find(({ kind }) => kind === 'primary')
    if (
      relation === undefined ||
      key === undefined ||
      !key.columns.every((one) => grouped.has(one))
    )
      continue
    notes.add({ kind: 'constraint', object: fullName(relation), member: key.name })
  }
}

/** The column of a reference; a star is one, too. */
function lastField(node: Node | undefined): string[] {
  const fields = payload(node, 'ColumnRef')?.fields
  return fields === undefined ? [] : [words(fields).at(-1) ?? EVERY]
}

const OF_SEQUENCES: ReadonlySet<string> = new Set(['nextval', 'currval', 'setval'])

/** Notes a function that is called, and the sequence that it is called for. */
export function noteCall(notes: NeedNotes, call: FuncCall): void {
  const name = nameOf(words(call.funcname))
  noteFunction(notes, name)
  if (!OF_SEQUENCES.has(name?.name ?? '')) return
  const [first] = call.args ?? []
  const written = payload(payload(first, 'TypeCast')?.arg ?? first, 'A_Const')?.sval?.sval
  const parts = written === undefined ? undefined : nameOf(identifiers(written))
  if (parts === undefined) return notes.giveUp()
  const sequence = notes.catalog.relation(parts)
  if (sequence !== undefined) noteRelation(notes, sequence, parts)
  notes.add({
    kind: 'sequence',
    object: `${sequence?.schema ?? parts.schema ?? notes.catalog.searchPath[0] ?? 'public'}.${parts.name}`,
  })
}

/** The parts of a name that is written in a string. */
function identifiers(text: string): string[] {
  return (text.match(/"(?:[^"]|"")*"|[^".]+/g) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase(),
  )
}
