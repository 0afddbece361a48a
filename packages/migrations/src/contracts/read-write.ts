import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, UpdateStmt } from 'libpg-query'
import type { Relation } from '../catalog/catalog.ts'
import { payload } from '../catalog/syntax.ts'
import { fullName } from '../rules/object-names.ts'
import { noteWrite } from './need-notes.ts'
import type { NeedNotes } from './need-notes.ts'
import type { Scope, Source } from './need-scope.ts'
import { readFrom, readStatement, readTarget, readWith, walk } from './read-query.ts'
import { relationOf, sourceOf } from './named-objects.ts'
import type { Outcome, Reading } from './read-query.ts'

/** Follows a statement that writes rows. What is none gives the query up. */
export function readWrite(reading: Reading, node: Node, outer: Scope): Outcome {
  const insert = payload(node, 'InsertStmt')
  if (insert !== undefined) return readInsert(reading, insert, outer)
  const update = payload(node, 'UpdateStmt')
  if (update !== undefined) return readUpdate(reading, update, outer)
  const removal = payload(node, 'DeleteStmt')
  if (removal !== undefined) return readDelete(reading, removal, outer)
  const merge = payload(node, 'MergeStmt')
  if (merge !== undefined) return readMerge(reading, merge, outer)
  reading.notes.giveUp()
  return []
}

function readInsert(outside: Reading, insert: InsertStmt, outer: Scope): Outcome {
  const reading = readWith(outside, insert.withClause, outer)
  const { notes } = reading
  const relation = relationOf(notes, insert.relation)
  readStatement({ ...reading, star: 'fixed' }, insert.selectStmt, outer)
  if (relation === undefined) return []
  noteWrite(notes, relation, insertedColumns(insert, relation), true)
  const sources = targetSources(insert.relation, relation)
  const conflict = insert.onConflictClause
  if (conflict !== undefined) {
    noteConflict(notes, relation, conflict.infer)
    const scope = {
      sources: [...sources, { ...sourceOf(relation, 'excluded'), aliasOnly: true }],
      outer,
    }
    assign(reading, relation, conflict.targetList, scope)
    walk(reading, [conflict.infer?.indexElems, conflict.infer?.whereClause], { sources })
    walk(reading, conflict.whereClause, scope)
  }
  return returned(reading, insert.returningClause?.exprs, { sources, outer })
}

/** Named columns, or as many of the first ones as values are given; those given as DEFAULT are left out. */
function insertedColumns({ cols, selectStmt }: InsertStmt, { columns }: Relation): string[] {
  const lists = payload(selectStmt, 'SelectStmt')?.valuesLists ?? []
  const rows = lists.map((list) => payload(list, 'List')?.items ?? [])
  const all = selectStmt === undefined ? [] : [...columns.keys()]
  const named = cols?.flatMap((column) => payload(column, 'ResTarget')?.name ?? [])
  const written = named ?? all.slice(0, rows[0]?.length)
  return written.filter((_, place) => !rows.some((row) => isDefault(row[place])))
}

function isDefault(value: Node | undefined): boolean {
  return value !== undefined && 'SetToDefault' in value
}

/** ON CONFLICT relies on a key: on these columns, or of this name. */
function noteConflict(
  notes: NeedNotes,
  relation: Relation,
  infer: NonNullable<InsertStmt['onConflictClause']>['infer'],
): void {
  const object = fullName(relation)
  if (infer?.conname !== undefined && infer.conname !== '')
    notes.add({ kind: 'constraint', object, member: infer.conname })
  if (infer?.indexElems === undefined) return
  const columns = infer.indexElems.flatMap((each) => payload(each, 'IndexElem')?.name ?? [])
  notes.add({ kind: 'unique', object, member: columns.join(',') })
}

function readUpdate(outside: Reading, update: UpdateStmt, outer: Scope): Outcome {
  const reading = readWith(outside, update.withClause, outer)
  const relation = relationOf(reading.notes, update.relation)
  const target = relation === undefined ? [] : targetSources(update.relation, relation)
  const from = readFrom(reading, update.fromClause, { sources: target, outer })
  const scope = { sources: [...target, ...from.sources], outer }
  assign(reading, relation, update.targetList, scope)
  walk(reading, update.whereClause, scope)
  return returned(reading, update.returningClause?.exprs, scope)
}

function readDelete(outside: Reading, removal: DeleteStmt, outer: Scope): Outcome {
  const reading = readWith(outside, removal.withClause, outer)
  const relation = relationOf(reading.notes, removal.relation)
  const target = relation === undefined ? [] : targetSources(removal.relation, relation)
  const from = readFrom(reading, removal.usingClause, { sources: target, outer })
  const scope = { sources: [...target, ...from.sources], outer }
  walk(reading, removal.whereClause, scope)
  return returned(reading, removal.returningClause?.exprs, scope)
}

function readMerge(outside: Reading, merge: MergeStmt, outer: Scope): Outcome {
  const reading = readWith(outside, merge.withClause, outer)
  const relation = relationOf(reading.notes, merge.relation)
  const target = relation === undefined ? [] : targetSources(merge.relation, relation)
  const from = readFrom(reading, merge.sourceRelation && [merge.sourceRelation], {
    sources: target,
    outer,
  })
  const scope = { sources: [...target, ...from.sources], outer }
  walk(reading, merge.joinCondition, scope)
  for (const node of merge.mergeWhenClauses ?? []) {
    const clause = payload(node, 'MergeWhenClause')
    walk(reading, [clause?.condition, clause?.values], scope)
    const isInsert = clause?.commandType === 'CMD_INSERT'
    assign(
      reading,
      relation,
      clause?.targetList,
      scope,
      isInsert ? (clause.values ?? []).length : undefined,
    )
  }
  return returned(reading, merge.returningClause?.exprs, scope)
}

/** Notes the columns that are written, and what their new values use. */
function assign(
  reading: Reading,
  relation: Relation | undefined,
  targets: readonly Node[] | undefined,
  scope: Scope,
  inserted?: number,
): void {
  const isInsert = inserted !== undefined
  const named = (targets ?? []).flatMap((node) => payload(node, 'ResTarget')?.name ?? [])
  const columns =
    isInsert && targets === undefined
      ? [...(relation?.columns.keys() ?? [])].slice(0, inserted)
      : named
  if (relation !== undefined) noteWrite(reading.notes, relation, columns, isInsert)
  walk(
    reading,
    (targets ?? []).map((node) => payload(node, 'ResTarget')?.val),
    scope,
  )
}

function targetSources(range: RangeVar | undefined, relation: Relation): readonly Source[] {
  return [sourceOf(relation, range?.alias?.aliasname ?? relation.name)]
}

/** RETURNING, in which `old` and `new` are the row before and after. */
function returned(reading: Reading, targets: readonly Node[] | undefined, scope: Scope): Outcome {
  const rows =
    scope.sources[0] === undefined
      ? []
      : ['old', 'new'].map((alias) => aliasOnly(scope.sources[0], alias))
  const sources = [...scope.sources, ...rows.flat()]
  const inside: Reading = { ...reading, star: 'result' }
  return (targets ?? []).flatMap((target) => readTarget(inside, target, { ...scope, sources }))
}

function aliasOnly(source: Source | undefined, alias: string): Source[] {
  return source === undefined ? [] : [{ ...source, alias, aliasOnly: true }]
}
