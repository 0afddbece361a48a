import { randomBytes } from 'node:crypto'
import { oracleSession, prepareDatabase } from './oracle-session.ts'
import type { PreparedDatabase } from './oracle-session.ts'
import type { OracleSession, SchemaOracle } from './schema-oracle.ts'
import { clientConfig } from './pg-client.ts'
import type { PgTarget } from './pg-client.ts'
import { quoteName } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'

/** A server on which databases may be made. */
export interface OracleServer {
  readonly name: string
  readonly serverVersion: number
  /** The whole server is ours. */
  readonly owned: boolean
  /** For making and dropping databases. */
  readonly admin: SqlClient
  connect(database: string): Promise<SqlClient>
  /** Where that connects to. */
  target(database: string): PgTarget
  close(): Promise<void>
}

interface Template {
  readonly database: string
  readonly prepared: PreparedDatabase
}

const MOST_TEMPLATES = 4

/** An oracle that makes a database for each session, copied from one in which the schema was loaded once. */
export function serverOracle(server: OracleServer): SchemaOracle {
  const templates = new Map<string, Promise<Template>>()
  const sessions = new Set<OracleSession>()
  let closing: Promise<void> | undefined
  const templateOf = (schema: string, signal: AbortSignal | undefined): Promise<Template> => {
    const known = templates.get(schema)
    if (known) return known
    const made = makeTemplate(server, schema, signal)
    templates.set(schema, made)
    made.catch(() => templates.delete(schema))
    return made
  }
  const close = (): Promise<void> => (closing ??= closeAll(server, sessions, templates))
  return {
    name: server.name,
    serverVersion: server.serverVersion,
    open: async (schema, { signal } = {}) => {
      signal?.throwIfAborted()
      const template = await templateOf(schema, signal)
      await forgetOldest(server, templates)
      const session = await openSession(server, template, (closed) => sessions.delete(closed))
      sessions.add(session)
      return session
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function newName(): string {
  return `changeover_oracle_${process.pid}_${randomBytes(6).toString('hex')}`
}

async function createDatabase(
  { admin }: OracleServer,
  name: string,
  template: string,
): Promise<void> {
  await admin.query(`create database ${quoteName(name)} template ${quoteName(template)}`)
}

async function dropDatabase({ admin }: OracleServer, name: string): Promise<void> {
  await admin.query(`drop database if exists ${quoteName(name)} with (force)`)
}

async function makeTemplate(
  server: OracleServer,
  schema: string,
  signal: AbortSignal | undefined,
): Promise<Template> {
  const database = newName()
  await createDatabase(server, database, 'template0')
  try {
    const client = await server.connect(database)
    try {
      const prepared = await prepareDatabase(client, schema, { createRoles: server.owned, signal })
      return { database, prepared }
    } finally {
      await client.close()
    }
  } catch (error) {
    await dropDatabase(server, database)
    throw error
  }
}

/** Keeps few: whoever checks many schemas checks each once. */
async function forgetOldest(
  server: OracleServer,
  templates: Map<string, Promise<Template>>,
): Promise<void> {
  if (templates.size <= MOST_TEMPLATES) return
  const [[schema, oldest] = []] = templates
  if (schema === undefined || !oldest) return
  templates.delete(schema)
  await dropDatabase(server, (await oldest).database)
}

/** How long a query of a release may take before it counts as refused. */
const QUERY_LIMIT = "set statement_timeout = '10s'"

async function openSession(
  server: OracleServer,
  { database: template, prepared }: Template,
  onClose: (session: OracleSession) => void,
): Promise<OracleSession> {
  const database = newName()
  await createDatabase(server, database, template)
  const clients: SqlClient[] = []
  const dispose = async (): Promise<void> => {
    onClose(session)
    await Promise.all(clients.map((client) => client.close()))
    await dropDatabase(server, database)
  }
  const connect = async (): Promise<SqlClient> => {
    const client = await server.connect(database)
    clients.push(client)
    return client
  }
  const runner = await connect()
  const releases = await connect()
  await releases.query(QUERY_LIMIT)
  const another = (): Promise<SqlClient> => server.connect(database)
  const clientSettings = async () => () => clientConfig(server.target(database))
  const parts = {
    clientSettings,
    prepared,
    runner,
    releases,
    another,
    createRoles: server.owned,
    dispose,
  }
  const session = await oracleSession(parts)
  return session
}

async function closeAll(
  server: OracleServer,
  sessions: ReadonlySet<OracleSession>,
  templates: ReadonlyMap<string, Promise<Template>>,
): Promise<void> {
  await Promise.all([...sessions].map((session) => session.close()))
  const made = await Promise.allSettled(templates.values())
  if (!server.owned) {
    for (const one of made) {
      if (one.status === 'fulfilled') await dropDatabase(server, one.value.database)
    }
  }
  await server.close()
}
