import {
  createEngine,
  memoryFleet,
  memoryRouter,
  memoryStore,
  type Engine,
  type MigrationGuard,
  type Release,
  rolling,
} from '@changeover/engine'
import { createLifecycle } from '@changeover/lifecycle'
import {
  createMigrationGuard,
  schemaFloorCheck,
  type MigrationGuardHandle,
} from '@changeover/migrations'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { postgresProcess, type PostgresProcess } from './postgres-process.ts'

const service = 'shop'

/** A column is renamed over three releases. */
const CONTRACTS: Readonly<Record<string, readonly string[]>> = {
  'v1.0.0': ['SELECT id, name FROM users'],
  'v2.0.0': ['SELECT id, name, full_name FROM users'],
  'v3.0.0': ['SELECT id, full_name FROM users'],
}

const migrations = [
  { id: '1', file: '1.sql', sql: 'ALTER TABLE users ADD COLUMN full_name text' },
  { id: '2', file: '2.sql', sql: 'ALTER TABLE users DROP COLUMN name' },
]

it('the guard is what the engine takes', () => {
  expectTypeOf<MigrationGuardHandle>().toExtend<MigrationGuard>()
})

const server = await postgresProcess()
afterAll(() => server?.close())

describe.skipIf(!server)('An engine with the migration guard on a real database', () => {
  let engine: Engine
  let guard: MigrationGuardHandle
  const { database } = server as PostgresProcess
  const sql = (text: string) => (server as PostgresProcess).sql(text)
  const request = (version: string) => ({
    service,
    release: release(version),
    replicas: 1,
    strategy: rolling({ minReady: 0 }),
  })

  beforeAll(async () => {
    await sql('create table users (id bigint primary key, name text)')
    guard = createMigrationGuard({
      database,
      migrations,
      service,
      contracts: (name) => ({ release: name, queries: CONTRACTS[name] ?? [] }),
    })
    engine = createEngine({
      router: memoryRouter(),
      fleet: memoryFleet(),
      store: memoryStore(),
      migrations: guard,
    })
  })

  afterAll(async () => {
    await engine.close()
    await guard.close()
  })

  it('lets a release in behind the schema that it needs', async () => {
    await finished(engine, request('v1.0.0'))
    await finished(engine, { ...request('v2.0.0'), migrate: ['expand'] })
    expect(await columns()).toBe('id name full_name')
  })

  it('refuses a contract step at plan time that breaks what could be gone back to, and names the release and its query', async () => {
    const plan = engine.plan({ ...request('v3.0.0'), migrate: ['contract'] })
    await expect(plan).rejects.toMatchObject({ code: 'CHANGEOVER_MIGRATION_REFUSED' })
    await expect(plan).rejects.toThrow(/v1\.0\.0/)
    await expect(plan).rejects.toThrow(/SELECT id, name FROM users/)
    expect(await columns()).toBe('id name full_name')
  })

  it('takes away what nobody who is left reads, and moves the floor', async () => {
    await finished(engine, { ...request('v3.0.0'), migrate: ['contract'], giveUpRollbackTo: 'all' })
    expect(await columns()).toBe('id full_name')
    expect(await guard.floor(service)).toBe('v3.0.0')
  })

  it('keeps a release below the floor from starting and from getting ready, by the check of the lifecycle', async () => {
    const answers = await Promise.all(
      ['v2.0.0', 'v3.0.0', 'v3.1.0'].map((version) => probesOf(version)),
    )
    expect(answers).toEqual([
      [503, 503],
      [200, 200],
      [200, 200],
    ])
  })

  it('keeps a release that has started ready while the database does not answer', async () => {
    let connects = 0
    const broken = async (): Promise<never> => {
      throw new Error('the database is down')
    }
    const client = {
      query: async () => ({ rows: [{ there: false }], rowCount: 1 }),
      end: async () => {},
    }
    const check = schemaFloorCheck({
      database: async () => ((connects += 1) === 1 ? client : broken()),
      release: 'v3.0.0',
    })
    const { signal } = new AbortController()
    expect(await check.run(signal)).toBeUndefined()
    expect(await check.run(signal)).toBeUndefined()
    expect(connects).toBe(2)
    const other = schemaFloorCheck({ database: broken, release: 'v3.0.0' })
    await expect(other.run(signal)).rejects.toThrow('the database is down')
  })

  async function columns(): Promise<string> {
    return sql(
      `select string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns where table_name = 'users'`,
    )
  }

  /** What the probes for start-up and readiness answer once the check has been asked. */
  async function probesOf(version: string): Promise<readonly (number | undefined)[]> {
    const check = schemaFloorCheck({ database, service, release: version })
    let asked = 0
    const run = (signal: AbortSignal) => check.run(signal).finally(() => (asked += 1))
    const checks = { schema: { ...check, run } }
    await using lifecycle = createLifecycle({
      checks,
      signals: [],
      exit: false,
      drain: { notice: 0 },
    })
    lifecycle.ready()
    await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(0)
    const ask = (probe: string) => lifecycle.fetch(new Request(`http://shop${probe}`))
    const answers = await Promise.all(['/startupz', '/readyz'].map(ask))
    return answers.map((answer) => answer?.status)
  }
})

function release(version: string): Release {
  return { id: version, version, spec: {} }
}

async function finished(engine: Engine, request: Parameters<Engine['start']>[0]): Promise<void> {
  const rollout = await engine.start(request)
  expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
}
