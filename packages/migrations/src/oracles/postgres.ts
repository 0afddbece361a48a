import { z } from 'zod'
import type { ClientConfig } from 'pg'
import { refuse } from '../migration-error.ts'
import { readOptions } from './oracle-options.ts'
import { oracleSession, prepareDatabase } from './oracle-session.ts'
import { clientConfig, connectPg } from './pg-client.ts'
import type { PgTarget } from './pg-client.ts'
import { isEmptyDatabase, resetDatabase } from './reset-database.ts'
import type { OracleSession, SchemaOracle } from './schema-oracle.ts'
import { serverOracle } from './server-oracle.ts'
import type { SqlClient } from './sql-client.ts'
import { oneAtATime } from './turns.ts'

/** Options of {@link postgresOracle}. */
export interface PostgresOracleOptions {
  /** URL of the server, such as `postgres://me:secret@127.0.0.1:5432/postgres`; or give `connection`. */
  readonly connectionString?: string
  /** What `pg` takes, where a URL does not say enough. */
  readonly connection?: ClientConfig
  /**
   * An empty database to work in, for those who may not create any: it is emptied again after each session, and there is one
   * session at a time. By default each session has a database of its own, which is dropped at its end.
   */
  readonly database?: string
}

const OPTIONS = z
  .strictObject({
    connectionString: z.string().min(1).optional(),
    connection: z.record(z.string(), z.unknown()).optional(),
    database: z.string().min(1).optional(),
  })
  .refine(
    ({ connectionString, connection }) =>
      (connectionString === undefined) !== (connection === undefined),
    {
      error: 'give either connectionString or connection',
    },
  )

const CALLER = 'postgresOracle'

/**
 * Asks a PostgreSQL server of yours, through `pg`: the one to take where the major version is to be that of production. It
 * never touches a database that has anything in it.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, `CHANGEOVER_MIGRATIONS_PEER_MISSING` without `pg`, and
 * `CHANGEOVER_MIGRATIONS_DATABASE_NOT_EMPTY` where `database` has anything in it
 * @example
 * ```ts
 * const oracle = await postgresOracle({ connectionString: 'postgres://postgres@127.0.0.1:5432/postgres' })
 * const report = await checkMigrations({ dialect: 'postgres', schema, migrations, oracle })
 * await oracle.close()
 * ```
 */
export async function postgresOracle(options: PostgresOracleOptions): Promise<SchemaOracle> {
  readOptions(OPTIONS, options, CALLER)
  const { database } = options
  const admin = await connectPg(targetOf(options, database), CALLER)
  try {
    const serverVersion = await majorVersion(admin)
    if (database !== undefined) return await fixedDatabase(options, database, admin, serverVersion)
    return serverOracle({
      name: 'postgres',
      serverVersion,
      owned: false,
      admin,
      connect: (name) => connectPg(targetOf(options, name), CALLER),
      target: (name) => targetOf(options, name),
      close: () => admin.close(),
    })
  } catch (error) {
    await admin.close()
    throw error
  }
}

/** The major version of the server that answers. */
export async function majorVersion(client: SqlClient): Promise<number> {
  const { rows } = await client.query('show server_version_num')
  return Math.floor(Number(rows[0]?.[0]) / 10_000)
}

/** Without a name, the database that the caller connects to. */
function targetOf(
  { connectionString, connection }: PostgresOracleOptions,
  database: string | undefined,
): PgTarget {
  if (connectionString === undefined)
    return { ...connection, ...(database === undefined ? {} : { database }) }
  if (database === undefined) return connectionString
  const url = new URL(connectionString)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}

/** Sessions take turns in a database that was empty. */
async function fixedDatabase(
  options: PostgresOracleOptions,
  database: string,
  admin: SqlClient,
  serverVersion: number,
): Promise<SchemaOracle> {
  if (!(await isEmptyDatabase(admin)))
    throw refuse('CHANGEOVER_MIGRATIONS_DATABASE_NOT_EMPTY', { database })
  const target = targetOf(options, database)
  const turns = oneAtATime()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= turns.close().then(() => admin.close()))
  return {
    name: 'postgres',
    serverVersion,
    open: (schema, { signal } = {}) =>
      turns.take(signal, (done) => openFixed(admin, target, { schema, signal, done })),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface FixedSession {
  readonly schema: string
  readonly signal: AbortSignal | undefined
  readonly done: () => void
}

async function openFixed(
  admin: SqlClient,
  target: PgTarget,
  { schema, signal, done }: FixedSession,
): Promise<OracleSession> {
  const clients: SqlClient[] = []
  const connect = (): Promise<SqlClient> => connectPg(target, CALLER)
  const dispose = async (): Promise<void> => {
    try {
      await Promise.all(clients.map((client) => client.close()))
      await resetDatabase(admin)
    } finally {
      done()
    }
  }
  try {
    clients.push(await connect(), await connect())
    const [runner, releases] = clients
    if (!runner || !releases) throw new Error('Two connections were opened.')
    const prepared = await prepareDatabase(runner, schema, { createRoles: false, signal })
    return await oracleSession({
      prepared,
      runner,
      releases,
      another: connect,
      createRoles: false,
      clientSettings: async () => () => clientConfig(target),
      dispose,
    })
  } catch (error) {
    await dispose()
    throw error
  }
}
