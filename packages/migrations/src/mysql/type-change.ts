import type { ColumnDefinition, MysqlType } from './column-definition.ts'
import type { MysqlTable } from './schema.ts'

/** What a new type asks of the rows that are there. */
export type TypeChange =
  /** Nothing: the rows stay as they are. */
  | 'none'
  /** All rows are copied while writers wait; every value that was fine stays fine. */
  | 'widens'
  /** All rows are copied while writers wait, and values that were fine may no longer be. */
  | 'narrows'

/** What becomes of a column when its definition is replaced. */
export function typeChange(
  table: MysqlTable,
  before: ColumnDefinition,
  after: ColumnDefinition,
): TypeChange {
  const [from, to] = [before.type, after.type]
  const charset = before.charset ?? table.charset
  const changesCharset = after.charset !== undefined && after.charset !== charset
  if (changesCharset && isText(to)) return 'narrows'
  if (from.name !== to.name) return isWider(from, to) ? 'widens' : 'narrows'
  if (from.unsigned !== to.unsigned) return 'narrows'
  if (from.name === 'varchar') return lengthChange(from, to, bytesOf(charset), 255)
  if (from.name === 'varbinary') return lengthChange(from, to, 1, 255)
  if (from.name === 'enum' || from.name === 'set') return labelChange(from, to)
  return valuesChange(from, to)
}

const TEXTS: ReadonlySet<string> = new Set([
  'varchar',
  'char',
  'text',
  'tinytext',
  'mediumtext',
  'longtext',
  'enum',
  'set',
])

function isText({ name }: MysqlType): boolean {
  return TEXTS.has(name)
}

const BYTES: Readonly<Record<string, number>> = {
  utf8mb4: 4,
  utf8: 3,
  utf8mb3: 3,
  latin1: 1,
  ascii: 1,
  binary: 1,
}

/** Bytes that one character may take; where nobody says, as in utf8mb4, the usual default. */
function bytesOf(charset: string | undefined): number {
  return BYTES[charset ?? 'utf8mb4'] ?? 4
}

/** Lengths up to 255 bytes take one byte to write down, longer ones two: crossing that line copies the table. */
function lengthChange(from: MysqlType, to: MysqlType, bytes: number, oneByte: number): TypeChange {
  const [old, wanted] = [length(from), length(to)]
  if (wanted < old) return 'narrows'
  const crosses = old * bytes <= oneByte && wanted * bytes > oneByte
  return crosses ? 'widens' : 'none'
}

function length({ values }: MysqlType): number {
  return Number(values[0] ?? 1)
}

/** Labels that are only appended leave those that are stored as they are, as long as their number needs no more bytes. */
function labelChange(from: MysqlType, to: MysqlType): TypeChange {
  const keeps = from.values.every((label, index) => to.values[index] === label)
  if (!keeps) return from.values.every((label) => to.values.includes(label)) ? 'widens' : 'narrows'
  return labelBytes(from) === labelBytes(to) ? 'none' : 'widens'
}

function labelBytes({ name, values: { length: count } }: MysqlType): number {
  if (name === 'enum') return count > 255 ? 2 : 1
  return [8, 16, 24, 32, 64].findIndex((limit) => count <= limit)
}

const WIDENINGS: readonly (readonly string[])[] = [
  ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'],
  ['float', 'double'],
  ['tinytext', 'text', 'mediumtext', 'longtext'],
  ['char', 'varchar'],
  ['tinyblob', 'blob', 'mediumblob', 'longblob'],
  ['date', 'datetime'],
]

function isWider(from: MysqlType, to: MysqlType): boolean {
  if (from.unsigned && !to.unsigned) return false
  return WIDENINGS.some((names) => {
    const place = names.indexOf(from.name)
    return place >= 0 && names.indexOf(to.name) > place && length(to) >= length(from)
  })
}

const DISPLAY_WIDTHS: ReadonlySet<string> = new Set(WIDENINGS[0])

function valuesChange(from: MysqlType, to: MysqlType): TypeChange {
  if (DISPLAY_WIDTHS.has(from.name)) return 'none'
  const same = from.values.join(',') === to.values.join(',')
  if (same) return 'none'
  const [digits = 10, scale = 0] = from.values.map(Number)
  const [newDigits = 10, newScale = 0] = to.values.map(Number)
  const widens = newScale >= scale && newDigits - newScale >= digits - scale
  return widens ? 'widens' : 'narrows'
}
