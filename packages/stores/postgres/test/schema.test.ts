import { fileURLToPath } from 'node:url'
import { checkMigrations, createMigrationGuard, loadMigrations } from '@changeover/migrations'
import { postgresStore } from '@changeover/store-postgres'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { collect, journalMaker } from './journal-maker.ts'
import { type Reach, serverKinds, type TestServer } from './servers.ts'

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url))

test('the migrations that are shipped are safe beside whoever runs', async () => {
  const migrations = await loadMigrations(MIGRATIONS)
  for (const serverVersion of [15, 18]) {
    const report = await checkMigrations({ dialect: 'postgres', serverVersion, migrations })
    expect(report.verdict).toBe('safe')
    expect(report.migrations.map(({ phase }) => phase)).toEqual(migrations.map(() => 'expand'))
  }
})

describe('The tables', () => {
  let server: TestServer

  beforeAll(async () => {
    const kinds = await serverKinds()
    server = await kinds.at(-1)!.start()
  }, 60_000)
  afterAll(() => server.close())

  function open(connection: Reach, schema = 'changeover') {
    const store = postgresStore({ connection, schema })
    onTestFinished(() => store.close())
    return store
  }

  test('come at the first call, of several agents at once', async () => {
    const connection = await server.database('empty')
    const stores = [1, 2, 3].map(() => open(connection))
    const leases = await Promise.allSettled(
      stores.map((store, index) => store.lease('shop', `engine-${index}`, 60_000)),
    )
    expect(leases.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refusals = leases.filter((one) => one.status === 'rejected')
    const held = { reason: { code: 'CHANGEOVER_LEASE_HELD' } }
    expect(refusals).toMatchObject([held, held])
  })

  test('are those of one schema each, whose names may be words of SQL', async () => {
    const connection = await server.database('empty')
    const [one, two] = [open(connection, 'table'), open(connection, 'deploys')]
    await one.append('r1', 0, [journalMaker('r1').created()])
    expect(await collect(one.read('r1'))).toHaveLength(1)
    expect(await two.rollouts()).toEqual([])
    expect((await two.lease('shop', 'two', 1_000)).fence).toBe(1)
  })

  test('of a newer version are refused by an older one, which changes nothing', async () => {
    const connection = await server.database()
    await server.query(
      connection,
      `insert into changeover.migration_steps (migration, step, file, checksum, phase, statement, state)
       values ('changeover-store-9999_other', 0, '9999_other.sql', 'x', 'expand', 'x', 'done')`,
    )
    await expect(open(connection).rollouts()).rejects.toMatchObject({
      code: 'CHANGEOVER_POSTGRES_SCHEMA_NEWER',
      message: expect.stringContaining('9999_other'),
    })
  })

  test('get along with the guard of a service that keeps its journal in the same schema', async () => {
    const connection = await server.database()
    const guard = createMigrationGuard({
      database: { ...connection },
      migrations: [{ id: '0001_shop', sql: 'create table orders (id bigint primary key)' }],
      live: [],
    })
    await guard.run({ phase: 'expand' })
    await guard.close()
    const store = open(connection)
    expect(await store.rollouts()).toEqual([])
  })

  test('can be used by a role that may not make any', async () => {
    const connection = await server.database()
    await server.query(
      connection,
      `create role plain login; grant usage on schema changeover to plain;
       grant select, insert, update, delete on all tables in schema changeover to plain`,
    )
    const store = open({ ...connection, user: 'plain' })
    await store.append('r1', 0, [journalMaker('r1').created()])
    expect(await store.rollouts()).toHaveLength(1)
    const bare = { ...(await server.database('empty')), user: 'plain' }
    await expect(open(bare).open()).rejects.toMatchObject({
      code: 'CHANGEOVER_POSTGRES_SCHEMA_FAILED',
      message: expect.stringContaining('permission denied'),
    })
  })
})
