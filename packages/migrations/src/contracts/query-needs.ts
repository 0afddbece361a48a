import type { Node } from 'libpg-query'
import type { Catalog } from '../catalog/catalog.ts'
import { nameOf, payload, words } from '../catalog/syntax.ts'
import type { Need } from '../rules/effect.ts'
import { fullName } from '../rules/object-names.ts'
import { parseSql } from '../sql/parser.ts'
import { noteEveryColumn, needNotes, noteWrite } from './need-notes.ts'
import type { NeedNotes } from './need-notes.ts'
import { NOWHERE } from './need-scope.ts'
import { relationOf } from './named-objects.ts'
import { readStatement, walk } from './read-query.ts'
import type { Reading } from './read-query.ts'
import { readWrite } from './read-write.ts'

/**
 * What a query uses of the schema as it is now, or undefined where that cannot be read: the text does not parse, changes the
 * schema itself, or names what the schema does not tell of. The parser has to be loaded before. Pure.
 */
export function queryNeeds(sql: string, catalog: Catalog): readonly Need[] | undefined {
  const parsed = parseSql(sql)
  if ('problem' in parsed) return undefined
  const notes = needNotes(catalog)
  for (const { node } of parsed) readAny(notes, node)
  return notes.all()
}

/** Statements that use nothing of the schema. */
const FREE: ReadonlySet<string> = new Set([
  'TransactionStmt',
  'VariableSetStmt',
  'VariableShowStmt',
  'DiscardStmt',
  'DeallocateStmt',
  'ClosePortalStmt',
  'FetchStmt',
  'ListenStmt',
  'UnlistenStmt',
  'NotifyStmt',
  'CheckPointStmt',
])

function readAny(notes: NeedNotes, node: Node): void {
  const [kind = ''] = Object.keys(node)
  if (payload(node, 'VariableSetStmt')?.name === 'search_path') notes.giveUp()
  if (FREE.has(kind)) return
  const inner = innerQuery(node)
  if (inner !== undefined) return readAny(notes, inner)
  const other = OTHERS.find((read) => read(notes, node))
  if (other !== undefined) return
  const reading: Reading = { notes, named: new Map(), star: 'result', write: readWrite }
  readStatement(reading, node, NOWHERE)
}

function innerQuery(node: Node): Node | undefined {
  return (
    payload(node, 'ExplainStmt')?.query ??
    payload(node, 'PrepareStmt')?.query ??
    payload(node, 'DeclareCursorStmt')?.query
  )
}

type OtherReader = (notes: NeedNotes, node: Node) => boolean

const copy: OtherReader = (notes, node) => {
  const statement = payload(node, 'CopyStmt')
  if (statement === undefined) return false
  if (statement.query !== undefined) readAny(notes, statement.query)
  const relation = statement.relation && relationOf(notes, statement.relation)
  if (relation === undefined) return true
  const named = words(statement.attlist)
  const columns = named.length > 0 ? named : [...relation.columns.keys()]
  if (named.length === 0) noteEveryColumn(notes, relation)
  if (named.length === 0) notes.add({ kind: 'name', object: fullName(relation), member: '*' })
  noteWrite(notes, relation, columns, statement.is_from === true)
  return true
}

const locking: OtherReader = (notes, node) => {
  const relations = payload(node, 'LockStmt')?.relations ?? payload(node, 'TruncateStmt')?.relations
  for (const each of relations ?? []) relationOf(notes, payload(each, 'RangeVar'))
  return relations !== undefined
}

const refresh: OtherReader = (notes, node) => {
  const statement = payload(node, 'RefreshMatViewStmt')
  if (statement !== undefined) relationOf(notes, statement.relation)
  return statement !== undefined
}

const call: OtherReader = (notes, node) => {
  const statement = payload(node, 'CallStmt')
  if (statement === undefined) return false
  const reading: Reading = { notes, named: new Map(), star: 'result', write: readWrite }
  walk(reading, { FuncCall: statement.funccall }, NOWHERE)
  return true
}

/** Arguments of an EXECUTE are values; what it runs was read where it was prepared. */
const execute: OtherReader = (_, node) => payload(node, 'ExecuteStmt') !== undefined

const constraintTiming: OtherReader = (notes, node) => {
  const statement = payload(node, 'ConstraintsSetStmt')
  for (const each of statement?.constraints ?? []) {
    const name =
      nameOf(words(payload(each, 'RangeVar') ? [] : [each]))?.name ??
      payload(each, 'RangeVar')?.relname
    for (const relation of notes.catalog.relations())
      if (name !== undefined && relation.constraints.has(name))
        notes.add({ kind: 'constraint', object: fullName(relation), member: name })
  }
  return statement !== undefined
}

const OTHERS: readonly OtherReader[] = [copy, locking, refresh, call, execute, constraintTiming]
