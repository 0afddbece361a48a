import { postgresStore } from '@changeover/store-postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { collect, journalMaker } from './journal-maker.ts'
import { type Reach, serverKinds, type TestServer } from './servers.ts'

let server: TestServer
let connection: Reach

beforeAll(async () => {
  const kinds = await serverKinds()
  server = await kinds.at(-1)!.start()
  connection = await server.database()
}, 60_000)
afterAll(() => server.close())

function open(options: { retain?: number } = {}) {
  const store = postgresStore({ connection, ...options })
  onTestFinished(() => store.close())
  return store
}

/** A pool whose answers can get lost, after the server has done what was asked. */
function faultyPool() {
  const inner = new pg.Pool({ ...connection, max: 4 })
  onTestFinished(() => inner.end())
  const pool = {
    options: inner.options,
    asked: [] as string[],
    lose: 0,
    async query(config: { text: string; values: unknown[] }) {
      pool.asked.push(config.text)
      const result = await inner.query(config)
      if (pool.lose === 0) return result
      pool.lose -= 1
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    },
  }
  return pool
}

describe('a journal', () => {
  test('is read back byte for byte, whatever is in it, so that its hashes verify', async () => {
    const store = open()
    const { created, next } = journalMaker('odd')
    const spec = {
      nul: 'a\0b',
      half: '\ud800',
      text: 'ünï “quoted” \\u0000 \n',
      2: 'two',
      1: [0.1],
    }
    const entries = [
      created('shöp', spec),
      next({ type: 'noticed', message: "'; drop table x --" }),
    ]
    await store.append('odd', 0, entries)
    expect(JSON.stringify(await collect(store.read('odd')))).toBe(JSON.stringify(entries))
    const [summary] = await store.rollouts({ service: 'shöp' })
    expect(summary?.to.spec).toEqual(spec)
  })

  test('of thousands of entries is read in pages, and from where a reader stands', async () => {
    const store = open()
    const { created, ready } = journalMaker('long')
    const entries = [created('long'), ...ready(1_600)]
    await store.append('long', 0, entries)
    expect(await collect(store.read('long'))).toHaveLength(1_601)
    const after = entries[1_200]!
    const rest = await collect(store.read('long', { after }))
    expect(rest.map(({ seq }) => seq)).toEqual(entries.slice(1_201).map(({ seq }) => seq))
    expect(await collect(store.read('long', { after: entries.at(-1)! }))).toEqual([])
  })

  test('that grows while it is read does not lengthen that reading', async () => {
    const store = open()
    const { created, ready } = journalMaker('growing')
    await store.append('growing', 0, [created('growing')])
    let seen = 0
    for await (const { seq } of store.read('growing')) {
      await store.append('growing', seq + 1, ready(1))
      seen += 1
    }
    expect(seen).toBe(1)
  })

  test.each([
    [
      'an entry was changed',
      `update changeover.entries set line = replace(line, 'b-3', 'b-4') where rollout = $1 and seq = 4`,
      4,
    ],
    [
      'an entry is no JSON',
      `update changeover.entries set line = '{' where rollout = $1 and seq = 2`,
      2,
    ],
    ['an entry is missing', `delete from changeover.entries where rollout = $1 and seq = 3`, 3],
    ['its end is missing', `delete from changeover.entries where rollout = $1 and seq > 6`, 7],
    ['its head was changed', `update changeover.rollouts set last_hash = 'x' where id = $1`, 10],
  ])('is refused where %s, and the entry is named', async (how, sql, seq) => {
    const store = open()
    const { created, ready } = journalMaker(how)
    await store.append(how, 0, [created('damaged'), ...ready(10)])
    await server.query(connection, sql, [how])
    await expect(collect(store.read(how))).rejects.toMatchObject({
      code: 'CHANGEOVER_JOURNAL_CORRUPT',
      details: { seq, rollout: how },
    })
  })

  test('takes an append in one statement, and one round trip', async () => {
    const pool = faultyPool()
    const store = postgresStore({ pool })
    onTestFinished(() => store.close())
    await store.open()
    const { created, ready } = journalMaker('counted')
    pool.asked = []
    await store.append('counted', 0, [created(), ...ready(5)])
    await store.append('counted', 6, ready(1))
    expect(pool.asked).toHaveLength(2)
  })

  test('holds an append once whose answer was lost, and calls it no conflict', async () => {
    const pool = faultyPool()
    const store = postgresStore({ pool })
    onTestFinished(() => store.close())
    const { created, ready } = journalMaker('lost')
    const entries = [created('lost'), ...ready(3)]
    await store.open()
    pool.lose = 2
    await store.append('lost', 0, entries.slice(0, 2))
    pool.lose = 1
    await store.append('lost', 2, entries.slice(2))
    expect(await collect(store.read('lost'))).toHaveLength(4)
    pool.lose = 1
    const rival = journalMaker('lost', { at: 7 })
    await expect(store.append('lost', 0, [rival.created('lost')])).rejects.toMatchObject({
      code: 'CHANGEOVER_CONFLICT',
    })
  })

  test('is deleted with those that are too old, and never what tells the release before', async () => {
    const store = open({ retain: 2 })
    for (const id of ['k1', 'k2', 'k3', 'k4']) {
      const { created, next } = journalMaker(id, { at: Number(id[1]) })
      const finished = { type: 'finished', outcome: 'promoted' } as const
      await store.append(id, 0, [created('kept'), next(finished)])
    }
    const ids = (await store.rollouts({ service: 'kept' })).map(({ id }) => id)
    expect(ids).toEqual(['k3', 'k4'])
    expect(await collect(store.read('k1'))).toEqual([])
    const [row] = await server.query<{ count: number }>(
      connection,
      `select count(*)::int as count from changeover.entries where rollout in ('k1', 'k2')`,
    )
    expect(row?.count).toBe(0)
  })

  test('is durable even where the database would acknowledge early', async () => {
    const lax = await server.database()
    await server.query(lax, `alter database ${lax.database} set synchronous_commit = off`)
    await server.query(
      lax,
      `create table seen (value text);
       create function tell() returns trigger language plpgsql as
       $$ begin insert into seen values (current_setting('synchronous_commit')); return null; end $$;
       create trigger tell after insert on changeover.entries execute function tell();
       create trigger tell after update on changeover.leases execute function tell()`,
    )
    const store = postgresStore({ connection: lax })
    onTestFinished(() => store.close())
    await store.append('r', 0, [journalMaker('r').created()])
    await store.lease('shop', 'one', 1_000)
    const seen = await server.query<{ value: string }>(lax, 'select value from seen')
    expect(seen.map(({ value }) => value)).toEqual(['on', 'on'])
  })
})

describe('a lease', () => {
  test('that was granted and whose answer was lost is the same when it is asked for again', async () => {
    const pool = faultyPool()
    const store = postgresStore({ pool })
    onTestFinished(() => store.close())
    await store.open()
    pool.lose = 2
    const lease = await store.lease('lossy', 'one', 60_000)
    expect(lease.fence).toBe(1)
    expect((await store.lease('lossy', 'one', 60_000)).fence).toBe(1)
  })

  test('lapses by the clock of the database, whatever the engine believes', async () => {
    const wrong = { now: () => 0, sleep: () => Promise.resolve() }
    const store = postgresStore({ connection, clock: wrong })
    onTestFinished(() => store.close())
    const lease = await store.lease('clock', 'one', 60_000)
    const [row] = await server.query<{ now: number }>(
      connection,
      'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
    )
    expect(Math.abs(lease.expiresAt - row!.now - 60_000)).toBeLessThan(30_000)
    await expect(store.lease('clock', 'two', 1_000)).rejects.toMatchObject({
      code: 'CHANGEOVER_LEASE_HELD',
    })
  })
})

test('a store of a pool leaves the pool open', async () => {
  const pool = new pg.Pool({ ...connection })
  onTestFinished(() => pool.end())
  const store = postgresStore({ pool })
  await store.rollouts()
  await store.close()
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
