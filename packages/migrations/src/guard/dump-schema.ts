import { dumpConstraints, dumpIndexes, dumpTables, dumpTriggers } from './dump-tables.ts'
import { dumpFunctions, dumpTypes, dumpViews } from './dump-objects.ts'
import { USER_SCHEMAS } from './dump-queries.ts'
import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'

/** Does its reading on one snapshot of the database, and writes nothing. */
export async function inSnapshot<Value>(
  client: GuardClient,
  read: () => Promise<Value>,
): Promise<Value> {
  await client.query('begin isolation level repeatable read read only')
  try {
    return await read()
  } finally {
    await client.query('rollback')
  }
}

/**
 * The schema of a live database as DDL: schemas, types, functions, tables, constraints, indexes, views and triggers, every
 * name with its schema. In a transaction, for which it empties the search path. Left out: rights, policies, comments, operators,
 * aggregates, foreign tables, and indexes that are not valid.
 *
 * @param own the schema of the guard's own tables, which is left out
 */
export async function dumpSchema(client: GuardClient, own: string): Promise<string> {
  // With an empty path the server writes every name in full.
  await client.query("set local search_path = ''")
  const functions = await dumpFunctions(client, own)
  const parts = [
    await dumpSchemas(client, own),
    ...(functions.early.length + functions.late.length > 0
      ? [['SET check_function_bodies = false']]
      : []),
    await dumpTypes(client, own),
    functions.early,
    await dumpTables(client, own),
    functions.late,
    await dumpConstraints(client, own),
    await dumpIndexes(client, own),
    await dumpViews(client, own),
    await dumpTriggers(client, own),
  ]
  return parts
    .flat()
    .map((sql) => `${sql};\n`)
    .join('')
}

async function dumpSchemas(client: GuardClient, own: string): Promise<string[]> {
  const schemas = await rowsOf<{ name: string }>(
    client,
    `select quote_ident(nspname) as name from pg_namespace where oid in ${USER_SCHEMAS} and nspname <> 'public' order by 1`,
    [own],
  )
  const extensions = await rowsOf<{ name: string; schema: string }>(
    client,
    `select quote_ident(extname) as name, quote_ident(nspname) as schema from pg_extension
     join pg_namespace n on n.oid = extnamespace where extname <> 'plpgsql' order by 1`,
  )
  return [
    ...schemas.map(({ name }) => `CREATE SCHEMA ${name}`),
    ...extensions.map(
      ({ name, schema }) => `CREATE EXTENSION IF NOT EXISTS ${name} WITH SCHEMA ${schema}`,
    ),
  ]
}
