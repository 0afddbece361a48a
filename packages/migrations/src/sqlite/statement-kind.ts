import type { Token } from '../dialects/tokens.ts'
import { cursorOn, wordOf } from '../mysql/cursor.ts'
import { isBounded } from '../mysql/plain-statement.ts'

/** What a statement is, as far as its words tell. */
export interface LiteStatement {
  readonly kind:
    | 'add-column'
    | 'drop-column'
    | 'rename-column'
    | 'rename-table'
    | 'create-index'
    | 'drop-index'
    | 'create-table'
    | 'create-view'
    | 'create-trigger'
    | 'drop-table'
    | 'drop-view'
    | 'drop-trigger'
    | 'insert'
    | 'write'
    | 'query'
    | 'session'
    | 'vacuum-full'
    | 'reindex-blocking'
    | 'begin'
    | 'commit'
    | 'rollback'
    | 'other'
  /** Where one is named. */
  readonly table: string
  readonly column: string
  /** What something is renamed to. */
  readonly to: string
  /** Of a write: whether it ends somewhere. */
  readonly bounded: boolean
}

const NOTHING = { table: '', column: '', to: '', bounded: true } as const

const PLAIN: Readonly<Record<string, LiteStatement['kind']>> = {
  SELECT: 'query',
  VALUES: 'query',
  EXPLAIN: 'query',
  ANALYZE: 'session',
  PRAGMA: 'session',
  VACUUM: 'vacuum-full',
  REINDEX: 'reindex-blocking',
  BEGIN: 'begin',
  COMMIT: 'commit',
  END: 'commit',
  ROLLBACK: 'rollback',
  SAVEPOINT: 'session',
  RELEASE: 'session',
}

/** Reads the first words of a statement. */
export function liteStatement(tokens: readonly Token[]): LiteStatement {
  const first = wordOf(tokens[0])
  const kind = PLAIN[first]
  if (kind) return { ...NOTHING, kind }
  const cursor = cursorOn(tokens.slice(1))
  if (first === 'ALTER') return alter(tokens)
  if (first === 'CREATE' || first === 'DROP') return define(tokens)
  if (first === 'WITH') return { ...NOTHING, kind: withKind(tokens), bounded: isBounded(tokens) }
  if (first === 'INSERT' || first === 'REPLACE') return { ...NOTHING, kind: 'insert' }
  if (first !== 'UPDATE' && first !== 'DELETE') return { ...NOTHING, kind: 'other' }
  cursor.takeOne('OR ABORT', 'OR FAIL', 'OR IGNORE', 'OR REPLACE', 'OR ROLLBACK')
  cursor.take('FROM')
  return { ...NOTHING, kind: 'write', table: cursor.path() ?? '', bounded: isBounded(tokens) }
}

function alter(tokens: readonly Token[]): LiteStatement {
  const cursor = cursorOn(tokens.slice(1))
  cursor.take('TABLE')
  const table = cursor.path() ?? ''
  if (cursor.take('RENAME', 'TO'))
    return { ...NOTHING, kind: 'rename-table', table, to: cursor.path() ?? '' }
  const what = cursor.takeOne('RENAME', 'ADD', 'DROP')
  cursor.take('COLUMN')
  const column = cursor.name() ?? ''
  if (what === 'ADD') return { ...NOTHING, kind: 'add-column', table, column }
  if (what === 'DROP') return { ...NOTHING, kind: 'drop-column', table, column }
  const to = cursor.take('TO') ? (cursor.name() ?? '') : ''
  return { ...NOTHING, kind: what === 'RENAME' ? 'rename-column' : 'other', table, column, to }
}

type Kinds = Readonly<Record<string, LiteStatement['kind']>>

const CREATED: Kinds = {
  TABLE: 'create-table',
  VIEW: 'create-view',
  INDEX: 'create-index',
  TRIGGER: 'create-trigger',
}
const DROPPED: Kinds = {
  TABLE: 'drop-table',
  VIEW: 'drop-view',
  INDEX: 'drop-index',
  TRIGGER: 'drop-trigger',
}

function define(tokens: readonly Token[]): LiteStatement {
  const cursor = cursorOn(tokens)
  const kinds = cursor.takeOne('CREATE', 'DROP') === 'CREATE' ? CREATED : DROPPED
  cursor.takeOne('TEMPORARY', 'TEMP', 'UNIQUE', 'VIRTUAL')
  const kind = kinds[cursor.takeOne(...Object.keys(kinds)) ?? '']
  if (kind === undefined) return { ...NOTHING, kind: 'other' }
  cursor.takeOne('IF NOT EXISTS', 'IF EXISTS')
  return { ...NOTHING, kind, table: cursor.path() ?? '' }
}

function withKind(tokens: readonly Token[]): LiteStatement['kind'] {
  const words = new Set(tokens.map(wordOf))
  if (words.has('UPDATE') || words.has('DELETE')) return 'write'
  return words.has('INSERT') || words.has('REPLACE') ? 'insert' : 'query'
}
