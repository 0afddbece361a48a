import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'

/** Namespaces that are the user's: none of the server, none of an extension, not that of the guard (`$1`). */
export const USER_SCHEMAS = `(select n.oid from pg_namespace n where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', $1)
  and not exists (select from pg_depend d where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e'))`

/** A condition on objects of a catalog: that no extension brings them. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`
}

/** One column of texts. */
export async function textsOf(client: GuardClient, sql: string, own: string): Promise<string[]> {
  const rows = await rowsOf<{ sql: string }>(client, sql, [own])
  return rows.map((row) => row.sql)
}
