import { notOfExtension, textsOf, USER_SCHEMAS } from './dump-queries.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'

interface TableRow {
  readonly oid: number
  readonly name: string
  readonly unlogged: boolean
  /** The partition key of a partitioned table. */
  readonly key: string | null
  /** The bound of a partition. */
  readonly bound: string | null
  readonly parents: readonly string[]
}

interface ColumnRow {
  readonly table: number
  readonly name: string
  readonly type: string
  readonly notNull: boolean
  /** PostgreSQL 18: the name of the NOT NULL constraint. */
  readonly notNullName: string | null
  readonly identity: '' | 'a' | 'd'
  readonly generated: '' | 's' | 'v'
  readonly expression: string | null
  readonly collation: string | null
}

const TABLES = `select c.oid::int8::float8 as oid, c.oid::regclass::text as name, c.relpersistence = 'u' as unlogged,
  pg_get_partkeydef(c.oid) as key, case when c.relispartition then pg_get_expr(c.relpartbound, c.oid) end as bound,
  array(select inhparent::regclass::text from pg_inherits where inhrelid = c.oid order by inhseqno) as parents
  from pg_class c where c.relnamespace in ${USER_SCHEMAS} and c.relkind in ('r', 'p') and c.relpersistence <> 't'
  and ${notOfExtension('pg_class', 'c.oid')}
  order by (with recursive up (oid, depth) as (select c.oid, 0 union all
    select i.inhparent, depth + 1 from pg_inherits i join up on i.inhrelid = up.oid) select max(depth) from up), c.oid`

const COLUMNS = `select a.attrelid::int8::float8 as table, quote_ident(a.attname) as name, format_type(a.atttypid, a.atttypmod) as type,
  a.attnotnull as "notNull", quote_ident(n.conname) as "notNullName", a.attidentity as identity, a.attgenerated as generated,
  pg_get_expr(d.adbin, d.adrelid) as expression,
  case when a.attcollation <> t.typcollation then
    (select quote_ident(s.nspname) || '.' || quote_ident(l.collname) from pg_collation l
     join pg_namespace s on s.oid = l.collnamespace where l.oid = a.attcollation) end as collation
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_constraint n on n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum and n.convalidated
  where c.relnamespace in ${USER_SCHEMAS} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  and not (a.attinhcount > 0 and not a.attislocal) order by a.attrelid, a.attnum`

/** Tables with their sequences and defaults, parents first. */
export async function dumpTables(client: GuardClient, own: string): Promise<string[]> {
  const tables = await rowsOf<TableRow>(client, TABLES, [own])
  const columns = await rowsOf<ColumnRow>(client, COLUMNS, [own])
  const byTable = new Map<number, ColumnRow[]>()
  for (const column of columns)
    byTable.set(column.table, [...(byTable.get(column.table) ?? []), column])
  return [
    ...(await textsOf(client, SEQUENCES, own)),
    ...tables.map((table) => tableText(table, byTable.get(table.oid) ?? [])),
    ...tables.flatMap((table) =>
      (byTable.get(table.oid) ?? []).flatMap((column) => identityText(table, column)),
    ),
    ...(await textsOf(client, OWNED, own)),
  ]
}

/** Those of identity columns come with their columns. */
const SEQUENCES = `select 'CREATE SEQUENCE ' || c.oid::regclass || ' AS ' || format_type(s.seqtypid, null) ||
  ' INCREMENT BY ' || s.seqincrement || ' MINVALUE ' || s.seqmin || ' MAXVALUE ' || s.seqmax || ' START WITH ' || s.seqstart as sql
  from pg_class c join pg_sequence s on s.seqrelid = c.oid where c.relnamespace in ${USER_SCHEMAS} and c.relpersistence <> 't'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('i', 'e'))
  order by c.oid`

const OWNED = `select 'ALTER SEQUENCE ' || c.oid::regclass || ' OWNED BY ' || d.refobjid::regclass || '.' || quote_ident(a.attname) as sql
  from pg_class c join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a'
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where c.relkind = 'S' and c.relnamespace in ${USER_SCHEMAS} order by c.oid`

function tableText(table: TableRow, columns: readonly ColumnRow[]): string {
  const { name, unlogged, key, bound, parents } = table
  const create = `CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE ${name}`
  const partitioned = key === null ? '' : ` PARTITION BY ${key}`
  if (bound !== null) {
    // Its own columns were attached with it; those of its parent come by themselves.
    return `${create} PARTITION OF ${parents[0] ?? ''} ${bound}${partitioned}`
  }
  const inherits = parents.length > 0 ? ` INHERITS (${parents.join(', ')})` : ''
  return `${create} (\n  ${columns.map(columnText).join(',\n  ')}\n)${inherits}${partitioned}`
}

function columnText(column: ColumnRow): string {
  const { name, type, notNull, notNullName, collation } = column
  const filled = filledText(column)
  const named = notNullName === null ? '' : ` CONSTRAINT ${notNullName}`
  return `${name} ${type}${collation === null ? '' : ` COLLATE ${collation}`}${notNull ? `${named} NOT NULL` : ''}${filled}`
}

function filledText({ identity, generated, expression }: ColumnRow): string {
  if (identity !== '' || expression === null) return ''
  if (generated === '') return ` DEFAULT ${expression}`
  return ` GENERATED ALWAYS AS (${expression}) ${generated === 's' ? 'STORED' : 'VIRTUAL'}`
}

/** By itself, as pg_dump has it: an identity at its column brings a NOT NULL of its own. */
function identityText({ name }: TableRow, column: ColumnRow): string[] {
  if (column.identity === '') return []
  const when = column.identity === 'a' ? 'ALWAYS' : 'BY DEFAULT'
  return [`ALTER TABLE ${name} ALTER COLUMN ${column.name} ADD GENERATED ${when} AS IDENTITY`]
}

/** Keys before what refers to them; those that come from a parent come with it. */
export function dumpConstraints(client: GuardClient, own: string): Promise<string[]> {
  const sql = `select 'ALTER TABLE ' || con.conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(con.conname) || ' ' || pg_get_constraintdef(con.oid) as sql
    from pg_constraint con join pg_class c on c.oid = con.conrelid
    where c.relnamespace in ${USER_SCHEMAS} and c.relkind in ('r', 'p') and c.relpersistence <> 't' and con.conparentid = 0
    and (con.coninhcount = 0 or con.conislocal) and con.contype in ('p', 'u', 'x', 'c', 'f') and ${notOfExtension('pg_class', 'c.oid')}
    order by position(con.contype::text in 'puxcf'), con.oid`
  return textsOf(client, sql, own)
}

/** Those that no constraint brings along; of partitioned tables with those of their partitions. */
export function dumpIndexes(client: GuardClient, own: string): Promise<string[]> {
  const sql = `select replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as sql
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where c.relnamespace in ${USER_SCHEMAS} and t.relkind in ('r', 'p') and t.relpersistence <> 't' and i.indisvalid and not c.relispartition
    and not exists (select from pg_constraint con where con.conindid = i.indexrelid and con.contype in ('p', 'u', 'x'))
    and ${notOfExtension('pg_class', 't.oid')} order by i.indexrelid`
  return textsOf(client, sql, own)
}

/** Triggers of tables and views. */
export function dumpTriggers(client: GuardClient, own: string): Promise<string[]> {
  const sql = `select pg_get_triggerdef(t.oid) as sql from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace in ${USER_SCHEMAS} and not t.tgisinternal and t.tgparentid = 0 and ${notOfExtension('pg_class', 'c.oid')}
    order by t.oid`
  return textsOf(client, sql, own)
}
