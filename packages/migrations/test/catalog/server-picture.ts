import type { Client } from 'pg'

/** What a schema holds, one line for each fact, sorted. The same lines come from the server and from the catalog. */
export type Picture = readonly string[]

const SCHEMAS = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_toast_temp'`
const KINDS = `case c.relkind when 'r' then 'table' when 'p' then 'partitioned' when 'v' then 'view'
  when 'm' then 'materialized-view' when 'S' then 'sequence' when 'f' then 'foreign-table' end`
const SCHEMA = `regexp_replace(n.nspname, '^pg_temp.*', 'pg_temp')`

const QUERIES: readonly string[] = [
  `select format('relation %s.%s %s', ${SCHEMA}, c.relname, ${KINDS}) as fact
   from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r','p','v','m','S','f') and ${SCHEMAS}`,
  `select format('column %s.%s.%s #%s %s %s %s', ${SCHEMA}, c.relname, a.attname,
     row_number() over (partition by c.oid order by a.attnum),
     case when c.relkind in ('v','m') then '' else
       case when tn.nspname = 'pg_catalog' then '' else tn.nspname || '.' end || coalesce(e.typname, t.typname)
       || case when e.oid is null then '' else '[]' end || '/' || a.atttypmod end,
     a.attnotnull,
     case when a.attidentity = 'a' then 'identity-always' when a.attidentity = 'd' then 'identity-by-default'
       when a.attgenerated <> '' then 'generated' when a.atthasdef then 'default' else '-' end) as fact
   from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_type t on t.oid = a.atttypid left join pg_type e on e.oid = t.typelem and t.typcategory = 'A'
     join pg_namespace tn on tn.oid = coalesce(e.typnamespace, t.typnamespace)
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r','p','v','m','f') and ${SCHEMAS}`,
  `select format('index %s.%s on %s (%s) %s %s', ${SCHEMA}, c.relname, t.relname,
     (select string_agg(a.attname, ',' order by k.place) from unnest(i.indkey) with ordinality k(attnum, place)
       join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum where k.place <= i.indnkeyatts),
     i.indisunique, i.indpred is not null or i.indexprs is not null or i.indisexclusion) as fact
   from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
     join pg_namespace n on n.oid = c.relnamespace where ${SCHEMAS}`,
  `select format('constraint %s.%s on %s %s (%s) %s', ${SCHEMA}, o.conname, c.relname, o.contype,
     (select string_agg(a.attname, ',' order by a.attname) from pg_attribute a where a.attrelid = c.oid and a.attnum = any(o.conkey)),
     o.convalidated) as fact
   from pg_constraint o join pg_class c on c.oid = o.conrelid join pg_namespace n on n.oid = c.relnamespace
   where o.contype in ('c','n','p','u','f','x') and ${SCHEMAS}`,
  `select format('parent %s of %s', p.relname, c.relname) as fact from pg_inherits i join pg_class c on c.oid = i.inhrelid
     join pg_class p on p.oid = i.inhparent where c.relkind in ('r','p','f')`,
  `select distinct format('view %s reads %s.%s', v.relname, c.relname, a.attname) as fact
   from pg_rewrite r join pg_class v on v.oid = r.ev_class
     join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
     join pg_class c on c.oid = d.refobjid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
     join pg_namespace n on n.oid = v.relnamespace
   where v.oid <> c.oid and d.refobjsubid > 0 and ${SCHEMAS}`,
  `select format('type %s.%s %s (%s)', ${SCHEMA}, t.typname,
     case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' when 'r' then 'range' end,
     (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid)) as fact
   from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
   where t.typtype in ('e','d','c','r') and (t.typtype <> 'c' or c.relkind = 'c') and ${SCHEMAS}`,
  `select format('domain %s constrained %s', t.typname,
     t.typnotnull or exists (select from pg_constraint o where o.contypid = t.oid)) as fact
   from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'd' and ${SCHEMAS}`,
  `select format('function %s.%s %s', ${SCHEMA}, p.proname, p.provolatile) as fact
   from pg_proc p join pg_namespace n on n.oid = p.pronamespace where p.prokind in ('f','p') and ${SCHEMAS}
     and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'i')`,
  `select format('sequence %s of %s.%s', s.relname, c.relname, a.attname) as fact
   from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_class c on c.oid = d.refobjid
     join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
   where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('a','i')`,
]

/** Asks the server. */
export async function serverPicture(client: Client): Promise<Picture> {
  const facts: string[] = []
  for (const query of QUERIES) {
    const { rows } = await client.query<{ fact: string }>(query)
    facts.push(...rows.map((row) => row.fact))
  }
  return facts.toSorted()
}
