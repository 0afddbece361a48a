import type { Token } from '../dialects/tokens.ts'
import type { MysqlStatement } from './actions.ts'
import { cursorOn, wordOf } from './cursor.ts'
import type { Cursor } from './cursor.ts'

/** What a statement is that defines no table: one that writes rows, a transaction, a setting. */
export function plainStatement(tokens: readonly Token[]): MysqlStatement {
  const cursor = cursorOn(tokens)
  const control = CONTROLS[wordOf(tokens[0])]
  if (control) return { is: 'control', control }
  const first = cursor.takeOne(...Object.keys(READERS))
  return first === undefined
    ? { is: 'unread' }
    : (READERS[first]?.(cursor, tokens) ?? { is: 'unread' })
}

const CONTROLS: Readonly<Record<string, 'begin' | 'commit' | 'rollback'>> = {
  BEGIN: 'begin',
  START: 'begin',
  COMMIT: 'commit',
  ROLLBACK: 'rollback',
}

type Reader = (cursor: Cursor, tokens: readonly Token[]) => MysqlStatement

const plain =
  (what: string): Reader =>
  () => ({ is: 'plain', what })
const dynamic: Reader = () => ({ is: 'dynamic' })

const READERS: Readonly<Record<string, Reader>> = {
  UPDATE: update,
  DELETE: remove,
  INSERT: insert,
  REPLACE: insert,
  TRUNCATE: truncate,
  SET: set,
  USE: plain('session'),
  SELECT: select,
  ANALYZE: plain('analyze'),
  OPTIMIZE: plain('analyze'),
  SHOW: plain('query'),
  EXPLAIN: plain('query'),
  DESCRIBE: plain('query'),
  GRANT: plain('grant'),
  FLUSH: plain('session'),
  'UNLOCK TABLES': plain('session'),
  'LOCK TABLES': () => ({ is: 'lock-tables' }),
  'LOCK TABLE': () => ({ is: 'lock-tables' }),
  REVOKE: () => ({ is: 'drop', kind: 'right', name: '' }),
  CALL: dynamic,
  PREPARE: dynamic,
  EXECUTE: dynamic,
  DO: plain('query'),
}

function truncate(cursor: Cursor): MysqlStatement {
  cursor.take('TABLE')
  const table = cursor.path()
  return table === undefined ? { is: 'unread' } : { is: 'truncate', table }
}

function update(cursor: Cursor, tokens: readonly Token[]): MysqlStatement {
  while (cursor.takeOne('LOW_PRIORITY', 'IGNORE') !== undefined) continue
  const table = cursor.path()
  return table === undefined ? { is: 'unread' } : { is: 'write', table, bounded: isBounded(tokens) }
}

function remove(cursor: Cursor, tokens: readonly Token[]): MysqlStatement {
  while (cursor.takeOne('LOW_PRIORITY', 'QUICK', 'IGNORE', 'FROM') !== undefined) continue
  return update(cursor, tokens)
}

/** Values that are written out are few; rows that come from another table are locked while they are read. */
function insert(cursor: Cursor, tokens: readonly Token[]): MysqlStatement {
  while (cursor.takeOne('LOW_PRIORITY', 'DELAYED', 'IGNORE', 'INTO') !== undefined) continue
  cursor.path()
  const from = tokens.findIndex((token) => wordOf(token) === 'FROM')
  if (from < 0) return { is: 'plain', what: 'insert' }
  const table = cursorOn(tokens.slice(from + 1)).path()
  return table === undefined
    ? { is: 'unread' }
    : { is: 'write', table, bounded: isBounded(tokens.slice(from)) }
}

function select(_: Cursor, tokens: readonly Token[]): MysqlStatement {
  const words = new Set(tokens.map(wordOf))
  const locks = words.has('FOR') && words.has('UPDATE')
  return locks ? { is: 'lock-tables' } : { is: 'plain', what: 'query' }
}

function set(cursor: Cursor): MysqlStatement {
  cursor.takeOne('SESSION', 'GLOBAL')
  const name = cursor.name()?.toLowerCase().replace(/^@@/, '')
  if (name !== 'foreign_key_checks') return { is: 'plain', what: 'session' }
  cursor.takeOne('=', ':=')
  return { is: 'foreign-key-checks', on: !/^(?:0|off)$/i.test(cursor.next()?.text ?? '') }
}

/** LIMIT, or a condition on a key that ends somewhere: equality, BETWEEN, IN of values, or both a lower and an upper end. */
export function isBounded(tokens: readonly Token[]): boolean {
  if (tokens.some((token) => wordOf(token) === 'LIMIT')) return true
  const where = tokens.findIndex((token) => wordOf(token) === 'WHERE')
  if (where < 0) return false
  const condition = tokens.slice(where + 1)
  if (condition.some((token) => wordOf(token) === 'OR')) return false
  const signs = condition.flatMap((token, index) =>
    isKey(token) && isValue(condition.slice(index + 2)) ? wordOf(condition[index + 1]) : [],
  )
  if (signs.some((sign) => ['=', 'BETWEEN', 'IN'].includes(sign))) return true
  return signs.some((sign) => sign.startsWith('<')) && signs.some((sign) => sign.startsWith('>'))
}

function isKey({ kind, text }: Token): boolean {
  return (kind === 'word' || kind === 'name') && /^id$|_id$/i.test(text)
}

/** A value or a list of values, not another column or a query. */
function isValue([first, second]: readonly Token[]): boolean {
  const token = wordOf(first) === '(' ? second : first
  return token !== undefined && token.kind !== 'word' && token.kind !== 'name'
}
