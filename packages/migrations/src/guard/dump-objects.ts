import { notOfExtension, textsOf, USER_SCHEMAS } from './dump-queries.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'

const ENUMS = `select t.oid::int8::float8 as oid, 'CREATE TYPE ' || t.oid::regtype || ' AS ENUM (' ||
  (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) from pg_enum where enumtypid = t.oid) || ')' as sql
  from pg_type t where t.typtype = 'e'`

const COMPOSITES = `select t.oid::int8::float8 as oid, 'CREATE TYPE ' || t.oid::regtype || ' AS (' ||
  (select string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
   from pg_attribute where attrelid = t.typrelid and attnum > 0 and not attisdropped) || ')' as sql
  from pg_type t join pg_class c on c.oid = t.typrelid where t.typtype = 'c' and c.relkind = 'c'`

const DOMAINS = `select t.oid::int8::float8 as oid, 'CREATE DOMAIN ' || t.oid::regtype || ' AS ' || format_type(t.typbasetype, t.typtypmod) ||
  coalesce(' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), '') || case when t.typnotnull then ' NOT NULL' else '' end ||
  coalesce((select string_agg(' CONSTRAINT ' || quote_ident(conname) || ' ' || replace(pg_get_constraintdef(oid), ' NOT VALID', ''), '' order by oid)
    from pg_constraint where contypid = t.oid and contype = 'c'), '') as sql
  from pg_type t where t.typtype = 'd'`

const RANGES = `select t.oid::int8::float8 as oid, 'CREATE TYPE ' || t.oid::regtype || ' AS RANGE (subtype = ' || format_type(r.rngsubtype, null) || ')' as sql
  from pg_type t join pg_range r on r.rngtypid = t.oid where t.typtype = 'r'`

/** Enums, domains, composite types and ranges, in the order in which they were made. */
export function dumpTypes(client: GuardClient, own: string): Promise<string[]> {
  const conditions = `t.typnamespace in ${USER_SCHEMAS} and ${notOfExtension('pg_type', 't.oid')}`
  const kinds = [ENUMS, COMPOSITES, DOMAINS, RANGES].map((one) => `${one} and ${conditions}`)
  return textsOf(
    client,
    `select sql from (${kinds.join(' union all ')}) as types order by oid`,
    own,
  )
}

/** Functions that know no table, which defaults may call, and those that do. */
export interface FunctionTexts {
  readonly early: readonly string[]
  readonly late: readonly string[]
}

/** Functions and procedures. */
export async function dumpFunctions(client: GuardClient, own: string): Promise<FunctionTexts> {
  const rows = await rowsOf<{ sql: string; late: boolean }>(
    client,
    `select pg_get_functiondef(p.oid) as sql, p.prosqlbody is not null or exists (
       select from pg_type t join pg_class c on c.oid = t.typrelid left join pg_type a on a.typelem = t.oid
       where c.relkind <> 'c' and (t.oid in (p.prorettype) or a.oid = p.prorettype
         or t.oid = any (coalesce(p.proallargtypes, p.proargtypes::oid[])))) as late
     from pg_proc p where p.pronamespace in ${USER_SCHEMAS} and p.prokind in ('f', 'p') and ${notOfExtension('pg_proc', 'p.oid')}
     and p.prolang in (select oid from pg_language where lanname in ('sql', 'plpgsql')) order by p.oid`,
    [own],
  )
  const texts = (late: boolean): string[] =>
    rows.filter((row) => row.late === late).map(({ sql }) => sql.trimEnd())
  return { early: texts(false), late: texts(true) }
}

interface ViewRow {
  readonly oid: number
  readonly sql: string
  /** Views that it reads. */
  readonly reads: readonly number[]
}

const VIEWS = `select c.oid::int8::float8 as oid, 'CREATE ' || case when c.relkind = 'm' then 'MATERIALIZED ' else '' end || 'VIEW ' || c.oid::regclass ||
  ' AS ' || rtrim(pg_get_viewdef(c.oid), '; ') as sql,
  array(select distinct d.refobjid::int8::float8 from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
    join pg_class v on v.oid = d.refobjid and v.relkind in ('v', 'm')
    where d.refclassid = 'pg_class'::regclass and r.ev_class = c.oid and d.refobjid <> c.oid) as reads
  from pg_class c where c.relkind in ('v', 'm') and c.relpersistence <> 't' and c.relnamespace in ${USER_SCHEMAS}
  and ${notOfExtension('pg_class', 'c.oid')} order by c.oid`

/** Views, those that others read first, and the indexes of materialized ones. */
export async function dumpViews(client: GuardClient, own: string): Promise<string[]> {
  const views = await rowsOf<ViewRow>(client, VIEWS, [own])
  const byOid = new Map(views.map((view) => [view.oid, view]))
  const written = new Set<number>()
  const texts: string[] = []
  const write = (view: ViewRow): void => {
    if (written.has(view.oid)) return
    written.add(view.oid)
    for (const oid of view.reads) {
      const read = byOid.get(oid)
      if (read) write(read)
    }
    texts.push(view.sql)
  }
  views.forEach(write)
  const indexes = await textsOf(
    client,
    `select pg_get_indexdef(i.indexrelid) as sql from pg_index i join pg_class t on t.oid = i.indrelid
     where t.relkind = 'm' and t.relnamespace in ${USER_SCHEMAS} and i.indisvalid order by i.indexrelid`,
    own,
  )
  return [...texts, ...indexes]
}
