import type { IndexStmt, ReindexStmt } from 'libpg-query'
import { quoteName } from '../oracles/sql-client.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { Sight } from './sight.ts'
import { relationText } from './written-name.ts'

interface IndexRow {
  readonly name: string
  readonly schema: string
  readonly valid: boolean
  readonly unique: boolean
  /** Null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly partial: boolean
  readonly partitioned: boolean
  readonly building: boolean
}

const INDEXES = `select c.relname as name, n.nspname as schema, i.indisvalid as valid, i.indisunique as unique,
  array(select a.attname::text from unnest(i.indkey::int2[]) with ordinality k(num, place)
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num
    where k.place <= i.indnkeyatts order by k.place) as columns,
  i.indpred is not null as partial, c.relkind = 'I' as partitioned,
  exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid) as building
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where i.indrelid = to_regclass($1)`

/** CREATE INDEX: one that is not valid is what was left behind by a build that was broken off. */
export async function lookAtIndex(client: GuardClient, statement: IndexStmt): Promise<Sight> {
  const indexes = await rowsOf<IndexRow>(client, INDEXES, [relationText(statement.relation)])
  const same = indexes.filter((one) => isSame(one, statement))
  const [index] = same
  if (!index || index.partitioned) return { sees: index?.valid ? 'done' : 'absent' }
  if (same.some(({ building }) => building)) return { sees: 'busy' }
  if (same.some(({ valid }) => valid)) return { sees: 'done' }
  return { sees: 'invalid', repair: same.map(dropOf) }
}

function isSame(index: IndexRow, statement: IndexStmt): boolean {
  // By its name where it has one: whatever else is left under it stands in the way.
  if (statement.idxname !== undefined && statement.idxname !== '') {
    return index.name === statement.idxname && (!index.valid || hasShape(index, statement))
  }
  return hasShape(index, statement)
}

function hasShape({ columns, unique, partial }: IndexRow, statement: IndexStmt): boolean {
  const wanted = (statement.indexParams ?? []).map((one) =>
    'IndexElem' in one ? (one.IndexElem.name ?? null) : null,
  )
  return (
    unique === (statement.unique === true) &&
    partial === (statement.whereClause !== undefined) &&
    columns.length === wanted.length &&
    columns.every((column, place) => column === wanted[place])
  )
}

function dropOf({ schema, name }: Pick<IndexRow, 'schema' | 'name'>): string {
  return `drop index concurrently if exists ${quoteName(schema)}.${quoteName(name)}`
}

/** What REINDEX CONCURRENTLY leaves behind when it is broken off. */
const LEFT = `select c.relname as name, n.nspname as schema from pg_index i
  join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
  where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
  and i.indrelid in (to_regclass($1), (select indrelid from pg_index where indexrelid = to_regclass($1)))
  and not exists (select from pg_stat_progress_create_index p where p.relid = i.indrelid)`

/** REINDEX: may be run again, without what an earlier one has left. */
export async function lookAtReindex(
  client: GuardClient,
  { relation }: ReindexStmt,
): Promise<Sight> {
  if (!relation) return { sees: 'absent' }
  const left = await rowsOf<Pick<IndexRow, 'schema' | 'name'>>(client, LEFT, [
    relationText(relation),
  ])
  return left.length > 0 ? { sees: 'invalid', repair: left.map(dropOf) } : { sees: 'absent' }
}
