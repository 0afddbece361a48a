import type { SqlClient } from './sql-client.ts'

const SCHEMAS = `
select format('drop schema %I cascade', nspname) from pg_catalog.pg_namespace
where nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_toast%' and nspname not like 'pg\\_temp%'`

const OTHERS = `
select format('drop event trigger %I', evtname) from pg_catalog.pg_event_trigger
union all select format('drop publication %I', pubname) from pg_catalog.pg_publication
union all select format('drop extension %I cascade', extname) from pg_catalog.pg_extension where extname <> 'plpgsql'`

/** Whether anything of a user is in the database. */
export async function isEmptyDatabase(client: SqlClient): Promise<boolean> {
  const { rows } = await client.query(`
    select 1 from pg_catalog.pg_namespace n
    where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
      and n.nspname not like 'pg\\_temp%' and (n.nspname <> 'public'
        or exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid)
        or exists (select 1 from pg_catalog.pg_proc p where p.pronamespace = n.oid)
        or exists (select 1 from pg_catalog.pg_type t where t.typnamespace = n.oid))
    limit 1`)
  return rows.length === 0
}

/** Takes everything out of a database that is ours, as quick as its schemas are small. */
export async function resetDatabase(client: SqlClient): Promise<void> {
  await client.query('rollback')
  await client.query('reset session authorization')
  await client.query('discard all')
  for (const list of [OTHERS, SCHEMAS]) {
    const { rows } = await client.query(list)
    for (const [sql] of rows) await client.query(sql ?? '')
  }
  await client.query('create schema public')
  await client.query('grant usage on schema public to public')
}
