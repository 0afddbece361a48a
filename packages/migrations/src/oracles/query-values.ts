import { parameterTargets } from './query-targets.ts'
import type { ParameterTarget } from './query-targets.ts'
import { attempt, quoteLiteral, quoteName, rowsOf } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'
import { freshValues, plainValues } from './synthetic-values.ts'
import type { ValueType } from './synthetic-values.ts'

/** Constants for the parameters of a query, in their order. */
export type Constants = readonly string[]

/**
 * Values to try a query with, the likeliest first: what is written is taken from a row that is there (and so meets all
 * conditions), except where it has to differ from it; all else is plain.
 */
export async function valueChoices(
  client: SqlClient,
  sql: string,
  types: readonly ValueType[],
): Promise<readonly Constants[]> {
  const plain = types.map((type) => constant(plainValues(type, 0)[0]))
  if (types.length === 0) return [[]]
  const fresh = types.map((type) => constant(freshValues(type)[0]))
  const aimed = [...plain]
  const alike = [...plain]
  for (const [number, target] of parameterTargets(sql)) {
    const index = number - 1
    const { value, unique } = await valueFor(client, target)
    const known = value === undefined ? plain[index] : constant(value)
    aimed[index] = (unique ? fresh[index] : known) ?? 'null'
    alike[index] =
      unique && types[index]?.category === 'S' ? constant(`z${value ?? ''}`) : aimed[index]
  }
  return [alike, aimed, plain, fresh, types.map(() => 'null')]
}

function constant(value: string | null | undefined): string {
  return value === null || value === undefined ? 'null' : quoteLiteral(value)
}

const TARGET = (relation: string, column: string): string => `
select format('%I', a.attname) as name, c.oid::regclass::text as table,
  exists (select 1 from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any(i.indkey)) as own,
  (select k.confrelid::regclass::text from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'f'
    and a.attnum = any(k.conkey) limit 1) as other,
  (select format('%I', o.attname) from pg_catalog.pg_constraint k join pg_catalog.pg_attribute o
    on o.attrelid = k.confrelid and o.attnum = k.confkey[array_position(k.conkey, a.attnum)]
    where k.conrelid = c.oid and k.contype = 'f' and a.attnum = any(k.conkey) limit 1) as reference
from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
where c.oid = to_regclass(${relation}) and a.attnum > 0 and not a.attisdropped and ${column}`

interface TargetRow {
  readonly name: string
  readonly table: string
  readonly own: string
  readonly other: string | null
  readonly reference: string | null
}

interface Found {
  /** A value that meets the conditions. */
  readonly value?: string | undefined
  /** A row with this value may not be there. */
  readonly unique: boolean
}

async function valueFor(client: SqlClient, target: ParameterTarget): Promise<Found> {
  const { schema, table, column } = target
  const relation = [schema, table]
    .flatMap((part) => (part === undefined ? [] : [quoteName(part)]))
    .join('.')
  const condition =
    typeof column === 'string' ? `a.attname = ${quoteLiteral(column)}` : `a.attnum = ${column + 1}`
  const [row] = await rowsOf<TargetRow>(client, TARGET(quoteLiteral(relation), condition))
  if (!row) return { unique: false }
  if (row.other !== null && row.reference !== null) {
    return { value: await present(client, row.other, row.reference), unique: false }
  }
  return { value: await present(client, row.table, row.name), unique: row.own === 't' }
}

async function present(
  client: SqlClient,
  table: string,
  column: string,
): Promise<string | undefined> {
  const sql = `select ${column}::text from ${table} where ${column} is not null limit 1`
  if (await attempt(client, sql)) return undefined
  const { rows } = await client.query(sql)
  return rows[0]?.[0] ?? undefined
}

/** The constant that a driver would send for a value of the program. */
export function constantOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Date) return quoteLiteral(value.toISOString())
  if (value instanceof Uint8Array) return quoteLiteral(`\\x${Buffer.from(value).toString('hex')}`)
  if (Array.isArray(value)) return quoteLiteral(arrayText(value))
  return quoteLiteral(textOf(value))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

function arrayText(values: readonly unknown[]): string {
  const parts = values.map((value): string => {
    if (value === null || value === undefined) return 'NULL'
    if (Array.isArray(value)) return arrayText(value)
    return `"${textOf(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`
  })
  return `{${parts.join(',')}}`
}
