import type { Token } from '../dialects/tokens.ts'
import type { Action, IndexDefinition, MysqlStatement } from './actions.ts'
import { addCheck, addForeignKey, alterActions } from './alter-table.ts'
import { columnDefinition } from './column-definition.ts'
import type { ColumnDefinition } from './column-definition.ts'
import { commaParts, cursorOn, wordOf } from './cursor.ts'
import type { Cursor } from './cursor.ts'
import { indexDefinition, keyColumns } from './index-definition.ts'
import { plainStatement } from './plain-statement.ts'

const UNREAD: MysqlStatement = { is: 'unread' }

/** What a statement is. What is not known for certain is `unread`. */
export function readStatement(tokens: readonly Token[]): MysqlStatement {
  const cursor = cursorOn(tokens)
  if (cursor.take('ALTER')) return alter(cursor, tokens)
  if (cursor.take('CREATE')) return create(cursor)
  if (cursor.take('DROP')) return drop(cursor)
  if (cursor.takeOne('RENAME TABLES', 'RENAME TABLE') !== undefined) return renameTables(cursor)
  return plainStatement(tokens)
}

function remaining(cursor: Cursor): readonly Token[] {
  const tokens: Token[] = []
  for (let token = cursor.next(); token; token = cursor.next()) tokens.push(token)
  return tokens
}

function alter(cursor: Cursor, tokens: readonly Token[]): MysqlStatement {
  cursor.takeOne('ONLINE', 'IGNORE')
  if (!cursor.take('TABLE')) return UNREAD
  cursor.take('IF', 'EXISTS')
  const table = cursor.path()
  waiting(cursor)
  const actions = tokens.length > 0 ? alterActions(remaining(cursor)) : undefined
  return table === undefined || !actions ? UNREAD : { is: 'alter-table', table, actions }
}

/** `WAIT 5` and `NOWAIT` of MariaDB. */
function waiting(cursor: Cursor): void {
  if (cursor.take('WAIT')) cursor.next()
  else cursor.take('NOWAIT')
}

const ROUTINE_KINDS = [
  'VIEW',
  'TRIGGER',
  'PROCEDURE',
  'FUNCTION',
  'EVENT',
  'SEQUENCE',
  'DATABASE',
  'SCHEMA',
  'USER',
  'ROLE',
] as const

function create(cursor: Cursor): MysqlStatement {
  const replaces = cursor.take('OR', 'REPLACE')
  const temporary = cursor.take('TEMPORARY')
  if (cursor.take('TABLE')) return replaces && !temporary ? UNREAD : createTable(cursor, temporary)
  const kind = cursor.takeOne('UNIQUE', 'FULLTEXT', 'SPATIAL')
  if (cursor.take('INDEX')) return createIndex(cursor, kind)
  while (definer(cursor)) continue
  const created = cursor.takeOne(...ROUTINE_KINDS)
  if (created === undefined) return UNREAD
  cursor.take('IF', 'NOT', 'EXISTS')
  const name = cursor.path()
  return name === undefined ? UNREAD : { is: 'create', kind: created.toLowerCase(), name, replaces }
}

/** What stands before the kind: `DEFINER = a@b`, `ALGORITHM = MERGE`, `SQL SECURITY INVOKER`. */
function definer(cursor: Cursor): boolean {
  if (cursor.take('SQL', 'SECURITY') || cursor.takeOne('ALGORITHM', 'DEFINER') !== undefined) {
    cursor.take('=')
    cursor.next()
    while (cursor.peek()?.text.startsWith('@')) {
      const isAlone = cursor.next()?.text === '@'
      if (isAlone) cursor.next()
    }
    return true
  }
  return cursor.take('AGGREGATE')
}

const KINDS: Readonly<Record<string, IndexDefinition['kind']>> = {
  UNIQUE: 'unique',
  FULLTEXT: 'fulltext',
  SPATIAL: 'spatial',
}

function createIndex(cursor: Cursor, word: string | undefined): MysqlStatement {
  cursor.take('IF', 'NOT', 'EXISTS')
  const name = cursor.name()
  if (cursor.take('USING')) cursor.next()
  if (!cursor.take('ON')) return UNREAD
  const table = cursor.path()
  waiting(cursor)
  const columns = keyColumns(cursor)
  const requests = requested(cursor)
  if (table === undefined || !columns || !requests) return UNREAD
  const index = { name, kind: KINDS[word ?? ''] ?? 'plain', columns } as const
  return { is: 'alter-table', table, actions: [{ does: 'add-index', index }, ...requests] }
}

/** ALGORITHM and LOCK behind CREATE INDEX and DROP INDEX. */
function requested(cursor: Cursor): readonly Action[] | undefined {
  return cursor.done() ? [] : alterActions(remaining(cursor))
}

function drop(cursor: Cursor): MysqlStatement {
  if (cursor.take('INDEX')) return dropIndex(cursor)
  const temporary = cursor.take('TEMPORARY')
  const isTable = cursor.takeOne('TABLES', 'TABLE') !== undefined
  const kind = isTable ? 'TABLE' : cursor.takeOne(...ROUTINE_KINDS)
  if (kind === undefined) return UNREAD
  cursor.take('IF', 'EXISTS')
  if (temporary) return { is: 'plain', what: 'drop-temporary' }
  const names = commaParts(remaining(cursor)).map((part) => cursorOn(part).path())
  const known = names.filter((each) => each !== undefined)
  if (isTable) return { is: 'drop-table', tables: known }
  return { is: 'drop', kind: kind.toLowerCase(), name: known.join(', ') }
}

function dropIndex(cursor: Cursor): MysqlStatement {
  cursor.take('IF', 'EXISTS')
  const name = cursor.name()
  const table = cursor.take('ON') ? cursor.path() : undefined
  waiting(cursor)
  const requests = requested(cursor)
  if (name === undefined || table === undefined || !requests) return UNREAD
  const dropped: Action =
    name.toUpperCase() === 'PRIMARY' ? { does: 'drop-primary-key' } : { does: 'drop-index', name }
  return { is: 'alter-table', table, actions: [dropped, ...requests] }
}

function renameTables(cursor: Cursor): MysqlStatement {
  const pairs = commaParts(remaining(cursor)).map((part) => {
    const pair = cursorOn(part)
    const from = pair.path()
    waiting(pair)
    const to = pair.take('TO') ? pair.path() : undefined
    return from === undefined || to === undefined || !pair.done() ? undefined : { from, to }
  })
  return pairs.every((pair) => pair !== undefined) ? { is: 'rename-tables', pairs } : UNREAD
}

function createTable(cursor: Cursor, temporary: boolean): MysqlStatement {
  cursor.take('IF', 'NOT', 'EXISTS')
  const table = cursor.path()
  if (table === undefined) return UNREAD
  const group = cursor.group() ?? []
  const parts = commaParts(group).filter(({ length }) => length > 0)
  const read = parts.map(tablePart)
  const tail = remaining(cursor)
  return {
    is: 'create-table',
    table,
    temporary,
    columns: read.flatMap((one) => one?.column ?? []),
    indexes: read.flatMap((one) => one?.index ?? []),
    charset: tableCharset(tail),
    copies: copied(tail),
    known: parts.length > 0 && !read.includes(undefined) && wordOf(parts[0]?.[0]) !== 'LIKE',
  }
}

interface TablePart {
  readonly column?: ColumnDefinition
  readonly index?: IndexDefinition
}

function tablePart(part: readonly Token[]): TablePart | undefined {
  const index = indexDefinition(cursorOn(part))
  if (index) return { index }
  if (addForeignKey(cursorOn(part)) ?? addCheck(cursorOn(part))) return {}
  const column = columnDefinition(cursorOn(part))
  return column && { column }
}

function tableCharset(tail: readonly Token[]): string | undefined {
  const cursor = cursorOn(tail)
  while (!cursor.done()) {
    if (cursor.takeOne('CHARACTER SET', 'CHARSET') !== undefined) {
      cursor.take('=')
      return cursor.next()?.text.toLowerCase()
    }
    cursor.next()
  }
  return undefined
}

/** The tables behind FROM and JOIN of CREATE TABLE ... SELECT. */
function copied(tail: readonly Token[]): readonly string[] {
  return tail.flatMap((token, index) => {
    const isSource = ['FROM', 'JOIN'].includes(wordOf(token))
    return isSource ? (cursorOn(tail.slice(index + 1)).path() ?? []) : []
  })
}
