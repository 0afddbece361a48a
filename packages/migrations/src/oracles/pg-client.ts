import type { ClientConfig, QueryResult } from 'pg'
import { importPeer } from './peers.ts'
import type { Answer, SqlClient } from './sql-client.ts'

/** Where to connect: a URL, or what `pg` takes. */
export type PgTarget = string | ClientConfig

/** What `pg` takes to connect there. */
export function clientConfig(target: PgTarget): ClientConfig {
  return typeof target === 'string' ? { connectionString: target } : target
}

/** Opens one connection through `pg`. */
export async function connectPg(target: PgTarget, caller: string): Promise<SqlClient> {
  const { default: pg } = await importPeer('pg', caller, () => import('pg'))
  const client = new pg.Client({ application_name: 'changeover-oracle', ...clientConfig(target) })
  // A connection that breaks while nothing is asked is met at the next query.
  client.on('error', () => {})
  await client.connect()
  let ended: Promise<void> | undefined
  return {
    query: async (text) => {
      const types = { getTypeParser: () => asText }
      return lastAnswer(await client.query({ text, rowMode: 'array', types }))
    },
    close: () => (ended ??= client.end()),
  }
}

function asText(value: string | Buffer): string {
  return value.toString()
}

/** The driver gives an array where several statements were sent. */
function lastAnswer(results: QueryResult | QueryResult[]): Answer {
  const result = Array.isArray(results) ? results.at(-1) : results
  const fields = (result?.fields ?? []).map(({ name, dataTypeID, dataTypeModifier }) => {
    return { name, type: dataTypeID, modifier: dataTypeModifier }
  })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rowMode "array", and each value parsed as text
  return { fields, rows: (result?.rows ?? []) as (string | null)[][] }
}
