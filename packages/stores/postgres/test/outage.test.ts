import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import {
  bake,
  canary,
  type Clock,
  createEngine,
  memoryFleet,
  memoryRouter,
  rolling,
  type Rollout,
  type Strategy,
  systemClock,
  weight,
} from '@changeover/engine'
import { postgresStore, type PostgresStoreOptions } from '@changeover/store-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { journalMaker } from './journal-maker.ts'
import { startProxy } from './proxy.ts'
import { type Reach, serverKinds, type TestServer } from './servers.ts'

const release = (id: string) => ({ id, version: id, spec: {} })
const slow = canary({ steps: [weight(10), bake('1h'), weight(100)] })

let server: TestServer

beforeAll(async () => {
  const kinds = await serverKinds()
  server = await kinds.at(-1)!.start()
  await server.database()
}, 60_000)
afterAll(() => server.close())

async function stage(options: PostgresStoreOptions = {}, leaseTtl = '15s') {
  const connection = await server.database()
  const store = postgresStore({ connection, ...options })
  const fleet = memoryFleet({ readyAfterMs: () => 30, stopAfterMs: 5 })
  const router = memoryRouter({ convergeAfterMs: 10, drainAfterMs: 10 })
  const engine = createEngine({ store, fleet, router, leaseTtl })
  onTestFinished(async () => {
    await engine.close()
    await store.close()
  })
  const start = (id: string, strategy: Strategy): Promise<Rollout> =>
    engine.start({ service: 'shop', release: release(id), replicas: 3, strategy })
  await (
    await start('v1', rolling())
  ).finished
  const running = async (): Promise<string[]> =>
    (await fleet.list('shop')).map((one) => one.release).toSorted()
  return { connection, store, router, engine, start, running }
}

async function until(rollout: Rollout, wanted: (step: string) => boolean): Promise<void> {
  for await (const entry of rollout.events())
    if (entry.type === 'step-started' && wanted(entry.step.step)) return
}

/** Ends all connections to the database but the one that asks. */
async function disconnect(connection: Reach): Promise<void> {
  await server.query(
    connection,
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
}

describe('A rollout whose database', () => {
  test('is gone for long is let go of, with the routes as they are and nothing stopped; it goes on when it is back', async () => {
    const { store, router, engine, start, running } = await stage({ patience: '300ms' }, '1s')
    const rollout = await start('v2', slow)
    await until(rollout, (step) => step === 'bake')
    const before = [await running(), await router.observe('shop')]
    await server.stop()
    expect(await rollout.finished).toMatchObject({ outcome: 'interrupted' })
    expect([await running(), await router.observe('shop')]).toEqual(before)
    await expect(engine.resume()).rejects.toMatchObject({ code: 'CHANGEOVER_POSTGRES_UNREACHABLE' })
    await server.start()
    const [resumed] = await engine.resume()
    await resumed!.promote({ by: 'ada' })
    expect(await resumed!.finished).toMatchObject({ outcome: 'promoted', rollout: rollout.id })
    expect(await running()).toEqual(['v2', 'v2', 'v2'])
    expect(await engine.verify(rollout.id)).toMatchObject({ ok: true })
    await expect(store.rollouts({ open: true })).resolves.toEqual([])
  })

  test('is started anew within the patience of a call just goes on, and is followed all along', async () => {
    const { connection, store, engine, start, running } = await stage()
    const other = postgresStore({ connection })
    const follower = createEngine({ store: other, fleet: memoryFleet(), router: memoryRouter() })
    onTestFinished(async () => {
      await follower.close()
      await other.close()
    })
    const rollout = await start('v2', rolling({ minReady: '100ms' }))
    const followed = await follower.rollout(rollout.id)
    await until(followed, (step) => step === 'replace' || step === 'launch')
    await server.stop()
    await server.start()
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
    expect(await followed.finished).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual(['v2', 'v2', 'v2'])
    expect(await engine.verify(rollout.id)).toMatchObject({ ok: true })
    const [, last] = await store.rollouts()
    expect(last?.outcome).toBe('promoted')
  })

  test('ends its connections again and again comes to its end, and every entry is there once', async () => {
    const { connection, engine, start } = await stage()
    const rollout = await start('v2', rolling({ minReady: '50ms' }))
    let ended = 0
    const passed = (): Promise<undefined> => delay(40, undefined)
    while ((await Promise.race([rollout.finished, passed()])) === undefined) {
      await disconnect(connection)
      ended += 1
    }
    expect(ended).toBeGreaterThan(2)
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
    expect(await engine.verify(rollout.id)).toMatchObject({ ok: true })
  })
})

describe('A call of the store', () => {
  test('comes to an end where the server accepts it and never answers', async () => {
    const connection = await server.database()
    const store = postgresStore({ connection, timeout: '150ms', patience: '400ms' })
    onTestFinished(() => store.close())
    await store.rollouts()
    const blocker = new pg.Client({ ...connection })
    await blocker.connect()
    onTestFinished(() => blocker.end())
    await blocker.query('begin; lock table changeover.rollouts in access exclusive mode')
    const entries = [journalMaker('r1').created()]
    await expect(store.append('r1', 0, entries)).rejects.toMatchObject({
      code: 'CHANGEOVER_POSTGRES_UNREACHABLE',
      message: expect.stringContaining('statement timeout'),
    })
    await blocker.query('rollback')
    await store.append('r1', 0, entries)
  })

  test('comes to an end where the network goes silent, and whoever listens notices it, too', async () => {
    const reach = await server.database()
    const proxy = await startProxy(reach)
    const real = systemClock()
    const hasty: Clock = {
      now: () => real.now(),
      sleep: (ms, options) => real.sleep(ms / 50, options),
    }
    const { connection } = proxy
    const store = postgresStore({ connection, timeout: '200ms', patience: '500ms', clock: hasty })
    const there = postgresStore({ connection: reach })
    onTestFinished(async () => {
      proxy.close()
      await store.close()
      await there.close()
    })
    const told = new EventEmitter()
    store.watch(({ rollout }) => told.emit(rollout))
    const { created, ready } = journalMaker('r1')
    const first = once(told, 'r1')
    await store.append('r1', 0, [created()])
    await first
    proxy.freeze()
    await expect(store.append('r1', 1, ready(1))).rejects.toMatchObject({
      code: 'CHANGEOVER_POSTGRES_UNREACHABLE',
    })
    const again = once(told, 'r2')
    await there.append('r2', 0, [journalMaker('r2').created('mail')])
    proxy.thaw()
    await again
    expect(await store.rollouts()).toHaveLength(2)
  })

  test('waits for a standby that is to become the primary', async () => {
    const connection = await server.database()
    const store = postgresStore({ connection })
    onTestFinished(() => store.close())
    await store.rollouts()
    const readOnly = (value: string) =>
      server.query(
        { ...connection, database: 'postgres' },
        `alter database ${connection.database} set default_transaction_read_only = ${value}`,
      )
    await readOnly('on')
    await disconnect(connection)
    const lease = store.lease('shop', 'one', 60_000)
    await delay(300)
    await readOnly('off')
    await disconnect(connection)
    expect(await lease).toMatchObject({ fence: 1 })
  })

  test('is broken off by close() while it waits for the database, and refused after it', async () => {
    const connection = { ...(await server.database()), host: '/nowhere' }
    const store = postgresStore({ connection, patience: '1h' })
    const [asked] = await Promise.allSettled([
      store.rollouts(),
      delay(50).then(() => store.close()),
    ])
    expect(asked).toMatchObject({ reason: { code: 'CHANGEOVER_STORE_CLOSED' } })
    await expect(store.lease('shop', 'one', 1)).rejects.toMatchObject({
      code: 'CHANGEOVER_STORE_CLOSED',
    })
  })
})
