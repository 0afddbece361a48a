import type { Catalog, ColumnType } from '../catalog/catalog.ts'

/**
 * What ALTER COLUMN TYPE costs: `none` changes the catalog only, `reindex` keeps the rows but builds the indexes on the column
 * anew, because the new type sorts by other operators.
 */
export type TypeChangeWork = 'none' | 'reindex' | 'rewrite'

/** Whether the session's time zone makes a timestamp with and without zone the same bytes (since 12). */
export interface TypeChangeSession {
  readonly version: number
  readonly timeZone: string | undefined
}

/** Pairs that are the same bytes, whichever way. */
const SAME_BYTES: ReadonlyMap<string, TypeChangeWork> = new Map([
  ['text>varchar', 'none'],
  ['varchar>text', 'none'],
  ['cidr>inet', 'none'],
  ['xml>text', 'none'],
  ['xml>varchar', 'none'],
  ['bit>varbit', 'reindex'],
  ['varbit>bit', 'rewrite'],
  ['int4>oid', 'reindex'],
  ['oid>int4', 'reindex'],
  ['text>citext', 'reindex'],
  ['varchar>citext', 'reindex'],
  ['citext>text', 'reindex'],
  ['citext>varchar', 'reindex'],
])

const UTC =
  /^(utc|gmt|etc\/utc|etc\/gmt|etc\/uct|uct|zulu|universal|etc\/universal|etc\/zulu|0|\+0|\+00|\+00:00)$/i

/** What it costs to store values of one type as another, without a USING that computes. */
export function typeChangeWork(
  from: ColumnType,
  to: ColumnType,
  catalog: Catalog,
  session: TypeChangeSession,
): TypeChangeWork {
  if (sameType(from, to)) return 'none'
  if (isConstrained(to, catalog)) return 'rewrite'
  const [one, other] = [baseOf(from, catalog), baseOf(to, catalog)]
  if (one.array || other.array) return sameType(one, other) ? 'none' : 'rewrite'
  if (sameName(one, other)) return widens(one, other) ? 'none' : 'rewrite'
  return otherName(one, other, session)
}

function otherName(from: ColumnType, to: ColumnType, session: TypeChangeSession): TypeChangeWork {
  if (isTimestamp(from.name) && isTimestamp(to.name))
    return isUtc(session) && precision(to) >= precision(from) ? 'reindex' : 'rewrite'
  const work = SAME_BYTES.get(`${from.name}>${to.name}`) ?? 'rewrite'
  return to.modifiers.length > 0 && !(from.name === 'varchar' && widens(from, to))
    ? 'rewrite'
    : work
}

function isUtc({ version, timeZone }: TypeChangeSession): boolean {
  return version >= 12 && timeZone !== undefined && UTC.test(timeZone)
}

function isTimestamp(name: string): boolean {
  return name === 'timestamp' || name === 'timestamptz'
}

/** The modifier allows every value that the old one allowed, in the same bytes. */
function widens(from: ColumnType, to: ColumnType): boolean {
  if (same(from.modifiers, to.modifiers)) return true
  if (to.modifiers.length === 0) return from.name !== 'bit' && from.name !== 'bpchar'
  if (from.modifiers.length === 0) return TEMPORAL.has(from.name) && precision(to) >= 6
  if (from.name === 'numeric') return widensNumeric(from, to)
  if (TEMPORAL.has(from.name)) return precision(to) >= precision(from)
  return WIDENED_BY_LENGTH.has(from.name) && precision(to) >= precision(from)
}

const TEMPORAL: ReadonlySet<string> = new Set(['timestamp', 'timestamptz', 'time', 'timetz'])
const WIDENED_BY_LENGTH: ReadonlySet<string> = new Set(['varchar', 'varbit'])

function widensNumeric(
  { modifiers: [precision = 0, scale = 0] }: ColumnType,
  to: ColumnType,
): boolean {
  const [newPrecision = 0, newScale = 0] = to.modifiers
  return newScale === scale && newPrecision >= precision
}

/** Fractional digits of a time, or the length of a string. */
function precision({ name, modifiers }: ColumnType): number {
  return modifiers.at(-1) ?? (TEMPORAL.has(name) ? 6 : Number.POSITIVE_INFINITY)
}

/** A domain without constraints is stored as what it is made of. */
function baseOf(type: ColumnType, catalog: Catalog): ColumnType {
  const domain = type.array ? undefined : catalog.type(nameOf(type))
  return domain?.base ? baseOf(domain.base, catalog) : type
}

function isConstrained(type: ColumnType, catalog: Catalog): boolean {
  const domain = type.array ? undefined : catalog.type(nameOf(type))
  return domain?.kind === 'domain' && domain.constrained
}

function nameOf({ schema, name }: ColumnType): { schema?: string; name: string } {
  return schema === undefined ? { name } : { schema, name }
}

function sameType(one: ColumnType, other: ColumnType): boolean {
  return sameName(one, other) && one.array === other.array && same(one.modifiers, other.modifiers)
}

function sameName(one: ColumnType, other: ColumnType): boolean {
  return one.name === other.name && (one.schema ?? '') === (other.schema ?? '')
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((each, place) => each === other[place])
}
