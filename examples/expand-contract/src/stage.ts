import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type Engine, fileStore } from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import {
  createMigrationGuard,
  type GuardListener,
  type MigrationGuardHandle,
  type SchemaOracle,
} from '@changeover/migrations'
import { embeddedPostgresOracle } from '@changeover/migrations/embedded-postgres'
import { nodeRouter } from '@changeover/router-node'
import pg from 'pg'
import { type Database, startDatabase } from './database.ts'
import { contractOf, fileOf } from './releases.ts'
import { BACKFILL } from './rename.ts'

/** The service that is deployed. */
export const SERVICE = 'users'

/** How many users there are before the story. */
const USERS = 20_000

/** Everything that the story needs, on this machine and with nothing installed. */
export interface Stage {
  readonly database: Database
  readonly engine: Engine
  /** Where the service is reached. */
  readonly url: string
  /** To look at the database. */
  readonly pool: pg.Pool
  /** Stops everything and removes what was written. */
  close(): Promise<void>
}

/** The guard of the database. A second, empty server is the oracle: each step is tried there first. */
function guardOf(
  { host, user, database }: Database,
  oracle: SchemaOracle,
  onEvent: GuardListener,
): MigrationGuardHandle {
  return createMigrationGuard({
    database: { host, user, database },
    migrations: fileOf('migrations'),
    service: SERVICE,
    contracts: contractOf,
    backfills: [BACKFILL],
    oracle,
    onEvent,
  })
}

/** Opens a database with users, and the engine that deploys what serves them. */
export async function openStage(onEvent: GuardListener): Promise<Stage> {
  const closers: (() => Promise<void>)[] = []
  const opened = <Thing extends { close(): Promise<void> }>(thing: Thing): Thing => {
    closers.unshift(() => thing.close())
    return thing
  }
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0)) await one()
  }
  try {
    return { ...(await setUp(opened, onEvent)), close }
  } catch (error) {
    await close()
    throw error
  }
}

type Opened = <Thing extends { close(): Promise<void> }>(thing: Thing) => Thing

async function setUp(opened: Opened, onEvent: GuardListener): Promise<Omit<Stage, 'close'>> {
  const directory = await mkdtemp(join(tmpdir(), 'changeover-example-'))
  opened({ close: () => rm(directory, { recursive: true }) })
  const database = opened(await startDatabase())
  const oracle = opened(await embeddedPostgresOracle())
  const { host, user, database: name } = database
  const pool = new pg.Pool({ host, user, database: name, max: 1 }).on('error', () => {})
  opened({ close: () => pool.end() })
  await pool.query(await readFile(fileOf('schema.sql'), 'utf8'))
  await pool.query(
    `INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, ${USERS}) n`,
  )
  const router = opened(nodeRouter({ listeners: { [SERVICE]: { port: 0 } } }))
  const fleet = opened(processFleet())
  const store = opened(fileStore({ directory }))
  const guard = opened(guardOf(database, oracle, onEvent))
  const engine = opened(createEngine({ router, fleet, store, migrations: guard }))
  await router.listen()
  return {
    database,
    engine,
    url: router.url(SERVICE),
    pool,
  }
}
