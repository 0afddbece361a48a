import type { Token } from '../dialects/tokens.ts'
import type { Action } from './actions.ts'
import { columnDefinition, foreignActions, value } from './column-definition.ts'
import { commaParts, cursorOn, wordOf } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { constraintName, indexDefinition } from './index-definition.ts'
import { tableOptions } from './table-options.ts'

/** The parts of an ALTER TABLE, read from what stands behind the name of the table; undefined where one is not known. */
export function alterActions(tokens: readonly Token[]): readonly Action[] | undefined {
  const actions: Action[] = []
  for (const part of commaParts(tokens)) {
    const read = actionsOf(part)
    if (read === undefined) return undefined
    actions.push(...read)
  }
  return actions.length > 0 ? actions : undefined
}

function actionsOf(part: readonly Token[]): readonly Action[] | undefined {
  const readers = READERS[wordOf(part[0])]
  if (!readers) return tableOptions(cursorOn(part))
  for (const reader of readers) {
    const cursor = cursorOn(part.slice(1))
    const read = reader(cursor)
    if (read && cursor.done()) return read
  }
  return tableOptions(cursorOn(part))
}

type Reader = (cursor: Cursor) => readonly Action[] | undefined

const READERS: Readonly<Record<string, readonly Reader[]>> = {
  ADD: [addPartition, addIndex, addForeignKey, addCheck, addColumns],
  DROP: [dropKey, dropPartition, dropColumn],
  MODIFY: [(cursor) => changeColumn(cursor, true)],
  CHANGE: [(cursor) => changeColumn(cursor, false)],
  ALTER: [alterIndex, alterColumn],
  RENAME: [renameIndex, renameColumn, renameTable],
  CONVERT: [convert],
  TRUNCATE: [(cursor) => (cursor.take('PARTITION') ? partition(cursor, 'truncate') : undefined)],
  REORGANIZE: [(cursor) => (cursor.take('PARTITION') ? partition(cursor, 'rework') : undefined)],
  COALESCE: [(cursor) => (cursor.take('PARTITION') ? partition(cursor, 'rework') : undefined)],
  REBUILD: [(cursor) => (cursor.take('PARTITION') ? partition(cursor, 'rework') : undefined)],
  REMOVE: [(cursor) => (cursor.take('PARTITIONING') ? partition(cursor, 'rework') : undefined)],
  PARTITION: [(cursor) => (cursor.take('BY') ? partition(cursor, 'rework') : undefined)],
  ORDER: [
    (cursor) =>
      cursor.take('BY') ? rest(cursor, { does: 'option', name: 'ORDER BY', value: '' }) : undefined,
  ],
  FORCE: [() => [{ does: 'option', name: 'FORCE', value: '' }]],
  WITH: [validation],
  WITHOUT: [validation],
}

function rest(cursor: Cursor, action: Action): readonly Action[] {
  while (!cursor.done()) cursor.next()
  return [action]
}

function partition(cursor: Cursor, how: 'add' | 'drop' | 'truncate' | 'rework'): readonly Action[] {
  return rest(cursor, { does: 'partition', how })
}

function validation(cursor: Cursor): readonly Action[] | undefined {
  return cursor.take('VALIDATION') ? [{ does: 'harmless', what: 'validation' }] : undefined
}

function addPartition(cursor: Cursor): readonly Action[] | undefined {
  return cursor.take('PARTITION') ? partition(cursor, 'add') : undefined
}

/** `ADD COLUMN a INT`, `ADD a INT`, `ADD (a INT, b INT)`. */
function addColumns(cursor: Cursor): readonly Action[] | undefined {
  cursor.take('COLUMN')
  cursor.take('IF', 'NOT', 'EXISTS')
  const group = cursor.word() === '(' ? cursor.group() : undefined
  if (!group) return added(cursor)
  const all = commaParts(group).map((part) => added(cursorOn(part)))
  return all.every((one) => one !== undefined) ? all.flat() : undefined
}

function added(cursor: Cursor): readonly Action[] | undefined {
  const column = columnDefinition(cursor)
  return column && [{ does: 'add-column', column }]
}

function changeColumn(cursor: Cursor, keepsName: boolean): readonly Action[] | undefined {
  cursor.take('COLUMN')
  cursor.take('IF', 'EXISTS')
  const from = keepsName ? cursor.peek()?.text : cursor.name()
  const column = columnDefinition(cursor)
  return column && from !== undefined ? [{ does: 'change-column', from, column }] : undefined
}

function addIndex(cursor: Cursor): readonly Action[] | undefined {
  const index = indexDefinition(cursor)
  return index && [{ does: 'add-index', index }]
}

/** A foreign key as a table or ALTER TABLE declares it. */
export function addForeignKey(cursor: Cursor): readonly Action[] | undefined {
  constraintName(cursor)
  if (!cursor.take('FOREIGN', 'KEY')) return undefined
  cursor.take('IF', 'NOT', 'EXISTS')
  if (cursor.word() !== '(') cursor.name()
  const columns = cursor
    .group()
    ?.filter((token) => wordOf(token) !== ',')
    .map(({ text }) => text)
  if (!columns || !cursor.take('REFERENCES')) return undefined
  cursor.path()
  cursor.group()
  foreignActions(cursor)
  return [{ does: 'add-foreign-key', columns }]
}

/** A check as a table or ALTER TABLE declares it. */
export function addCheck(cursor: Cursor): readonly Action[] | undefined {
  constraintName(cursor)
  if (!cursor.take('CHECK') || !cursor.group()) return undefined
  if (cursor.take('NOT', 'ENFORCED')) return [{ does: 'harmless', what: 'check' }]
  cursor.take('ENFORCED')
  return [{ does: 'add-check' }]
}

const DROPPED = {
  INDEX: 'drop-index',
  KEY: 'drop-index',
  'FOREIGN KEY': 'drop-foreign-key',
  CHECK: 'drop-check',
  CONSTRAINT: 'drop-constraint',
} as const

function dropKey(cursor: Cursor): readonly Action[] | undefined {
  if (cursor.take('PRIMARY', 'KEY')) return [{ does: 'drop-primary-key' }]
  const kinds = ['INDEX', 'KEY', 'FOREIGN KEY', 'CHECK', 'CONSTRAINT'] as const
  const kind = kinds.find((each) => cursor.take(...each.split(' ')))
  if (kind === undefined) return undefined
  cursor.take('IF', 'EXISTS')
  const name = cursor.name()
  return name === undefined ? undefined : [{ does: DROPPED[kind], name }]
}

function dropPartition(cursor: Cursor): readonly Action[] | undefined {
  return cursor.take('PARTITION') ? partition(cursor, 'drop') : undefined
}

function dropColumn(cursor: Cursor): readonly Action[] | undefined {
  cursor.take('COLUMN')
  cursor.take('IF', 'EXISTS')
  const column = cursor.name()
  cursor.takeOne('RESTRICT', 'CASCADE')
  return column === undefined ? undefined : [{ does: 'drop-column', column }]
}

function alterIndex(cursor: Cursor): readonly Action[] | undefined {
  if (cursor.takeOne('INDEX', 'KEY') === undefined) return undefined
  cursor.name()
  const how = cursor.takeOne('VISIBLE', 'INVISIBLE', 'IGNORED', 'NOT IGNORED')
  return how === undefined ? undefined : [{ does: 'harmless', what: 'index' }]
}

function alterColumn(cursor: Cursor): readonly Action[] | undefined {
  cursor.take('COLUMN')
  const column = cursor.name()
  if (column === undefined) return undefined
  if (cursor.take('DROP', 'DEFAULT')) return [{ does: 'drop-default', column }]
  const isSet = cursor.take('SET', 'DEFAULT') && value(cursor) !== undefined
  return isSet ? [{ does: 'set-default', column }] : undefined
}

function renameIndex(cursor: Cursor): readonly Action[] | undefined {
  if (cursor.takeOne('INDEX', 'KEY') === undefined) return undefined
  return fromTo(cursor, (from, to) => ({ does: 'rename-index', from, to }))
}

function renameColumn(cursor: Cursor): readonly Action[] | undefined {
  if (!cursor.take('COLUMN')) return undefined
  return fromTo(cursor, (from, to) => ({ does: 'rename-column', from, to }))
}

function fromTo(
  cursor: Cursor,
  action: (from: string, to: string) => Action,
): readonly Action[] | undefined {
  const from = cursor.name()
  const to = cursor.take('TO') ? cursor.name() : undefined
  return from === undefined || to === undefined ? undefined : [action(from, to)]
}

function renameTable(cursor: Cursor): readonly Action[] | undefined {
  cursor.takeOne('TO', 'AS', '=')
  const to = cursor.path()
  return to === undefined ? undefined : [{ does: 'rename-table', to }]
}

function convert(cursor: Cursor): readonly Action[] | undefined {
  if (cursor.takeOne('TO CHARACTER SET', 'TO CHARSET') === undefined) return undefined
  cursor.next()
  if (cursor.take('COLLATE')) cursor.next()
  return [{ does: 'convert-charset' }]
}
