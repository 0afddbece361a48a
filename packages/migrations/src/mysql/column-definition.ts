import type { Cursor } from './cursor.ts'

/** A column type as written, in lower case: `{ name: 'varchar', values: ['50'] }`. */
export interface MysqlType {
  readonly name: string
  /** Lengths, or the labels of an ENUM or SET. */
  readonly values: readonly string[]
  readonly unsigned: boolean
}

/** How a value comes about where none is given. */
export type Filled = 'constant' | 'now' | 'expression' | 'auto-increment' | 'virtual' | 'stored'

/** A column as CREATE TABLE, ADD, MODIFY and CHANGE write it. */
export interface ColumnDefinition {
  readonly name: string
  readonly type: MysqlType
  readonly charset: string | undefined
  readonly notNull: boolean
  readonly filled: Filled | undefined
  readonly key: 'primary' | 'unique' | undefined
  readonly check: boolean
  readonly references: boolean
}

type Draft = { -readonly [Key in keyof ColumnDefinition]: ColumnDefinition[Key] }

/** Reads a column definition up to the end of the tokens; undefined where something in it is not known. */
export function columnDefinition(cursor: Cursor): ColumnDefinition | undefined {
  const name = cursor.name()
  const type = columnType(cursor)
  if (name === undefined || type === undefined) return undefined
  const draft: Draft = { ...PLAIN, name, type }
  if (type.name === 'serial') Object.assign(draft, SERIAL)
  while (!cursor.done()) {
    const read = ATTRIBUTES.some((attribute) => attribute(cursor, draft))
    if (!read) return undefined
  }
  return draft
}

const PLAIN: Omit<ColumnDefinition, 'name' | 'type'> = {
  charset: undefined,
  notNull: false,
  filled: undefined,
  key: undefined,
  check: false,
  references: false,
}
const SERIAL = {
  type: { name: 'bigint', values: [], unsigned: true },
  notNull: true,
  filled: 'auto-increment',
  key: 'unique',
} as const

const LONG_NAMES: Readonly<Record<string, string>> = {
  'double precision': 'double',
  'character varying': 'varchar',
  'char varying': 'varchar',
  'national varchar': 'varchar',
  'national char': 'char',
}
/** Words for one and the same type. */
const SYNONYMS: Readonly<Record<string, string>> = {
  integer: 'int',
  int4: 'int',
  int8: 'bigint',
  dec: 'decimal',
  numeric: 'decimal',
  fixed: 'decimal',
  real: 'double',
  bool: 'tinyint',
  boolean: 'tinyint',
  character: 'char',
  nvarchar: 'varchar',
}

function columnType(cursor: Cursor): MysqlType | undefined {
  const two = `${cursor.word()} ${cursor.word(1)}`.toLowerCase()
  const long = LONG_NAMES[two]
  if (long !== undefined) cursor.next()
  const first = cursor.name()?.toLowerCase()
  if (first === undefined) return undefined
  const name = long ?? SYNONYMS[first] ?? first
  const values = cursor.group()?.filter(({ kind }) => kind !== 'sign') ?? []
  const unsigned = cursor.take('UNSIGNED')
  cursor.takeOne('SIGNED', 'ZEROFILL')
  return { name, values: values.map(({ text }) => text), unsigned }
}

type Attribute = (cursor: Cursor, draft: Draft) => boolean

/** Each reads one attribute if it stands at the cursor. */
const ATTRIBUTES: readonly Attribute[] = [
  nullability,
  defaultValue,
  onUpdate,
  generated,
  key,
  charset,
  check,
  references,
  place,
  ignored,
]

function nullability(cursor: Cursor, draft: Draft): boolean {
  if (cursor.take('NULL')) return true
  if (!cursor.take('NOT', 'NULL')) return false
  draft.notNull = true
  return true
}

function defaultValue(cursor: Cursor, draft: Draft): boolean {
  if (!cursor.take('DEFAULT')) return false
  const filled = value(cursor)
  if (filled === undefined) return false
  if (filled !== 'null') draft.filled = filled
  return true
}

/** The kind of a default, moved behind it. */
export function value(cursor: Cursor): Filled | 'null' | undefined {
  if (cursor.take('NULL')) return 'null'
  if (cursor.take('(', 'NULL', ')')) return 'null'
  if (takeNow(cursor)) return 'now'
  if (cursor.group()) return 'expression'
  cursor.takeOne('-', '+', '_UTF8MB4', '_UTF8')
  const token = cursor.next()
  if (token === undefined || token.kind === 'sign' || token.kind === 'name') return undefined
  if (token.kind !== 'word') return 'constant'
  if (cursor.group()) return 'expression'
  return /^(?:true|false)$/i.test(token.text) ? 'constant' : undefined
}

function takeNow(cursor: Cursor): boolean {
  const word = cursor.takeOne('CURRENT_TIMESTAMP', 'NOW', 'LOCALTIMESTAMP', 'LOCALTIME')
  if (word === undefined) return false
  cursor.group()
  return true
}

function onUpdate(cursor: Cursor): boolean {
  return cursor.take('ON', 'UPDATE') && takeNow(cursor)
}

function generated(cursor: Cursor, draft: Draft): boolean {
  cursor.take('GENERATED', 'ALWAYS')
  if (!cursor.take('AS') || !cursor.group()) return false
  const how = cursor.takeOne('STORED', 'PERSISTENT', 'VIRTUAL')
  draft.filled = how === undefined || how === 'VIRTUAL' ? 'virtual' : 'stored'
  return true
}

function key(cursor: Cursor, draft: Draft): boolean {
  if (cursor.take('AUTO_INCREMENT')) {
    draft.filled = 'auto-increment'
    return true
  }
  const word = cursor.takeOne('PRIMARY KEY', 'UNIQUE KEY', 'UNIQUE', 'KEY')
  if (word === undefined) return false
  draft.key = word.startsWith('UNIQUE') ? 'unique' : 'primary'
  draft.notNull ||= draft.key === 'primary'
  return true
}

function charset(cursor: Cursor, draft: Draft): boolean {
  if (cursor.takeOne('CHARACTER SET', 'CHARSET') === undefined) {
    if (!cursor.take('COLLATE')) return false
    const collation = cursor.next()?.text.toLowerCase()
    draft.charset ??= collation?.split('_')[0]
    return collation !== undefined
  }
  draft.charset = cursor.next()?.text.toLowerCase()
  return draft.charset !== undefined
}

function check(cursor: Cursor, draft: Draft): boolean {
  if (cursor.take('CONSTRAINT') && cursor.word() !== 'CHECK') cursor.name()
  if (!cursor.take('CHECK') || !cursor.group()) return false
  const enforced = !cursor.take('NOT', 'ENFORCED')
  if (enforced) cursor.take('ENFORCED')
  draft.check ||= enforced
  return true
}

function references(cursor: Cursor, draft: Draft): boolean {
  if (!cursor.take('REFERENCES')) return false
  cursor.path()
  cursor.group()
  foreignActions(cursor)
  draft.references = true
  return true
}

/** MATCH, ON DELETE and ON UPDATE of a foreign key. */
export function foreignActions(cursor: Cursor): void {
  if (cursor.take('MATCH')) cursor.next()
  while (cursor.takeOne('ON DELETE', 'ON UPDATE') !== undefined)
    cursor.takeOne('SET NULL', 'SET DEFAULT', 'NO ACTION', 'CASCADE', 'RESTRICT')
}

/** FIRST and AFTER: since MySQL 8.0.29 and MariaDB 10.4 they cost nothing. */
function place(cursor: Cursor): boolean {
  if (cursor.take('FIRST')) return true
  return cursor.take('AFTER') && cursor.name() !== undefined
}

function ignored(cursor: Cursor): boolean {
  if (cursor.takeOne('VISIBLE', 'INVISIBLE') !== undefined) return true
  if (cursor.take('COMMENT')) return cursor.next()?.kind === 'string'
  if (cursor.take('SRID')) return cursor.next() !== undefined
  if (cursor.takeOne('COLUMN_FORMAT', 'STORAGE') === undefined) return false
  cursor.take('=')
  return cursor.next() !== undefined
}
