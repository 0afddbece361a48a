import type { ValueType } from './synthetic-values.ts'
import type { SqlClient } from './sql-client.ts'

/** A column that a made-up row has to fill. */
export interface ColumnShape {
  /** Quoted. */
  readonly name: string
  readonly required: boolean
  readonly type: ValueType
}

/** A foreign key. Names are quoted. */
export interface ForeignShape {
  readonly columns: readonly string[]
  /** Oid of the other table. */
  readonly table: string
  readonly others: readonly string[]
}

/** A condition on some columns, of the table or of the domain of one of them. */
export interface CheckShape {
  readonly name: string
  readonly columns: readonly string[]
  readonly text: string
}

/** A table that may hold rows itself, with all that says what a row may be. */
export interface TableShape {
  readonly oid: string
  /** `schema.name`, quoted. */
  readonly name: string
  /** `schema.name`, without quotes. */
  readonly label: string
  readonly columns: readonly ColumnShape[]
  readonly foreign: readonly ForeignShape[]
  readonly checks: readonly CheckShape[]
  /** Unique indexes, with the columns that they are on. */
  readonly uniques: readonly { readonly name: string; readonly columns: readonly string[] }[]
  /** Its own bound and those of its parents, where it is a partition. */
  readonly bounds: readonly string[]
  /** Columns that the bounds are about. */
  readonly keys: readonly string[]
}

const SHAPES = `
with recursive base(oid, base, modifier, required) as (
  select oid, oid, -1, false from pg_catalog.pg_type where typtype <> 'd'
  union all
  select d.oid, b.base, case when b.modifier >= 0 then b.modifier else d.typtypmod end, b.required or d.typnotnull
  from pg_catalog.pg_type d join base b on b.oid = d.typbasetype where d.typtype = 'd'
)
select json_build_object(
  'oid', c.oid::text, 'name', format('%I.%I', n.nspname, c.relname), 'label', n.nspname || '.' || c.relname,
  'columns', coalesce((
    select json_agg(json_build_object('name', quote_ident(a.attname), 'required', a.attnotnull or b.required,
      'type', json_build_object('name', t.typname, 'kind', t.typtype, 'category', t.typcategory,
        'modifier', case when a.atttypmod >= 0 then a.atttypmod else b.modifier end,
        'labels', coalesce((select json_agg(e.enumlabel order by e.enumsortorder)
          from pg_catalog.pg_enum e where e.enumtypid = t.oid), '[]'),
        'attributes', (select count(*) from pg_catalog.pg_attribute m where m.attrelid = t.typrelid and m.attnum > 0)
      )) order by a.attnum)
    from pg_catalog.pg_attribute a join base b on b.oid = a.atttypid join pg_catalog.pg_type t on t.oid = b.base
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''), '[]'),
  'foreign', coalesce((
    select json_agg(json_build_object('table', k.confrelid::text,
      'columns', (select json_agg(quote_ident(a.attname) order by o) from unnest(k.conkey) with ordinality u(num, o)
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
      'others', (select json_agg(quote_ident(a.attname) order by o) from unnest(k.confkey) with ordinality u(num, o)
        join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num)))
    from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'f'), '[]'),
  'checks', coalesce((
    select json_agg(json_build_object('name', x.conname, 'columns', x.columns, 'text', x.text)) from (
      select k.conname, (select json_agg(quote_ident(a.attname)) from pg_catalog.pg_attribute a
        where a.attrelid = k.conrelid and a.attnum = any(k.conkey)) as columns, pg_get_constraintdef(k.oid) as text
      from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype = 'c'
      union all
      select k.conname, json_build_array(quote_ident(a.attname)), pg_get_constraintdef(k.oid)
      from pg_catalog.pg_attribute a join pg_catalog.pg_constraint k on k.contypid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and k.contype = 'c'
    ) x where x.columns is not null), '[]'),
  'uniques', coalesce((
    select json_agg(json_build_object('name', u.relname, 'columns', (select json_agg(quote_ident(a.attname))
      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any(i.indkey))))
    from pg_catalog.pg_index i join pg_catalog.pg_class u on u.oid = i.indexrelid
    where i.indrelid = c.oid and i.indisunique), '[]'),
  'bounds', coalesce((select json_agg(pg_get_expr(p.relpartbound, p.oid)) from pg_catalog.pg_partition_ancestors(c.oid) r
    join pg_catalog.pg_class p on p.oid = r.relid where p.relispartition), '[]'),
  'keys', coalesce((select json_agg(distinct quote_ident(a.attname)) from pg_catalog.pg_partition_ancestors(c.oid) r
    join pg_catalog.pg_partitioned_table p on p.partrelid = r.relid
    join pg_catalog.pg_attribute a on a.attrelid = r.relid and a.attnum = any(p.partattrs::int2[])), '[]'))
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by c.oid`

/** All tables of the users, in the order in which they were created. */
export async function tableShapes(client: SqlClient): Promise<readonly TableShape[]> {
  const { rows } = await client.query(SHAPES)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the query above spells each field
  return rows.map(([json]) => JSON.parse(json ?? '{}') as TableShape)
}
