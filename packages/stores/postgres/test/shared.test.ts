import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Command, refuse, type StoreChange } from '@changeover/engine'
import { type PostgresStore, postgresStore } from '@changeover/store-postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { journalMaker } from './journal-maker.ts'
import { type Reach, serverKinds, type TestServer } from './servers.ts'

const LONG_MS = 60_000
const pause: Command = { command: 'pause', id: 'c1', by: 'ada', reason: 'lunch' }

describe('Several stores', () => {
  let server: TestServer
  let connection: Reach

  beforeAll(async () => {
    const kinds = await serverKinds()
    server = await kinds.at(-1)!.start()
  }, 60_000)
  afterAll(() => server.close())
  beforeEach(async () => {
    connection = await server.database()
  })

  function open(): PostgresStore {
    const store = postgresStore({ connection })
    onTestFinished(() => store.close())
    return store
  }

  /** Connections of stores to the database. */
  async function connections(): Promise<number[]> {
    const rows = await server.query<{ pid: number }>(
      connection,
      `select pid from pg_stat_activity where datname = current_database() and application_name = 'changeover'`,
    )
    return rows.map(({ pid }) => pid)
  }

  /** The connection that listens, once it does. */
  async function listening(): Promise<number> {
    for (;;) {
      const rows = await server.query<{ pid: number }>(
        connection,
        `select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%'`,
      )
      if (rows[0]) return rows[0].pid
      await delay(20)
    }
  }

  /** A store that leads `r1` of the service `shop`. */
  async function leader(): Promise<PostgresStore> {
    const store = open()
    await store.lease('shop', 'leader', LONG_MS)
    await store.append('r1', 0, [journalMaker('r1').created()])
    return store
  }

  function watching(store: PostgresStore) {
    const told: StoreChange[] = []
    const heard = new EventEmitter()
    const unsubscribe = store.watch((change) => {
      told.push(change)
      heard.emit('change')
    })
    const until = async (wanted: StoreChange): Promise<void> => {
      while (!told.some((one) => JSON.stringify(one) === JSON.stringify(wanted)))
        await once(heard, 'change')
    }
    return { told, until, unsubscribe }
  }

  test('are told of what each of them appends, and of what is open when they begin to listen', async () => {
    const [here, there] = [open(), open()]
    const maker = journalMaker('r1')
    await there.append('r1', 0, [maker.created()])
    const { told, until } = watching(here)
    await until({ rollout: 'r1', service: 'shop', seq: 0 })
    await there.append('r1', 1, maker.ready(3))
    await until({ rollout: 'r1', service: 'shop', seq: 3 })
    expect(told.at(-1)?.seq).toBe(3)
  })

  test('are told after a lost connection of all that is open, and of what has ended meanwhile', async () => {
    const [here, there] = [open(), open()]
    const one = journalMaker('r1')
    const two = journalMaker('r2')
    await there.append('r1', 0, [one.created()])
    await there.append('r2', 0, [two.created('mail')])
    const { told, until } = watching(here)
    await until({ rollout: 'r2', service: 'mail', seq: 0 })
    await server.query(connection, 'select pg_terminate_backend($1)', [await listening()])
    await there.append('r1', 1, [one.next({ type: 'finished', outcome: 'promoted' })])
    told.length = 0
    await until({ rollout: 'r2', service: 'mail', seq: 0 })
    await until({ rollout: 'r1', service: 'shop', seq: 1 })
    expect(told.length).toBeGreaterThan(1)
  })

  test('of another schema are told nothing', async () => {
    const store = postgresStore({ connection, schema: 'other' })
    onTestFinished(() => store.close())
    const { told } = watching(store)
    const mine = watching(open())
    await listening()
    await open().append('r1', 0, [journalMaker('r1').created()])
    await mine.until({ rollout: 'r1', service: 'shop', seq: 0 })
    await store.rollouts()
    expect(told).toEqual([])
  })

  test('keep no connection for listening when nobody listens, and none when they are closed', async () => {
    const store = open()
    const { until, unsubscribe } = watching(store)
    await store.append('r1', 0, [journalMaker('r1').created()])
    await until({ rollout: 'r1', service: 'shop', seq: 0 })
    const pid = await listening()
    unsubscribe()
    while ((await connections()).includes(pid)) await delay(20)
    watching(store)
    await listening()
    await store.close()
    while ((await connections()).length > 0) await delay(20)
    expect(await connections()).toEqual([])
  })

  test('hand a command to the one that leads, and to no other', async () => {
    const [there, here, third] = [await leader(), open(), open()]
    const taken: unknown[] = []
    third.receive(async () => expect.unreachable())
    await third.lease('mail', 'third', LONG_MS)
    there.receive(async (rollout, command) => {
      taken.push([rollout, command])
      return true
    })
    await here.send('r1', pause, { deadline: LONG_MS })
    await third.send('r1', { ...pause, id: 'c2' }, { deadline: LONG_MS })
    expect(taken).toEqual([
      ['r1', pause],
      ['r1', { ...pause, id: 'c2' }],
    ])
  })

  test('hand a command id on once, however often it is sent', async () => {
    const [there, here] = [await leader(), open()]
    let taken = 0
    there.receive(async () => {
      taken += 1
      await delay(100)
      return true
    })
    const options = { deadline: LONG_MS }
    await Promise.all([here.send('r1', pause, options), there.send('r1', pause, options)])
    await here.send('r1', pause, options)
    expect(taken).toBe(1)
  })

  test('hand back what a command was refused with', async () => {
    const [there, here] = [await leader(), open()]
    const where = { rollout: 'r1', gate: 'no', gates: ['go'] }
    there.receive(async (_, { command }) => {
      if (command === 'pause') throw refuse('CHANGEOVER_GATE_UNKNOWN', where)
      throw new TypeError('a mistake')
    })
    await expect(here.send('r1', pause, { deadline: LONG_MS })).rejects.toMatchObject({
      code: 'CHANGEOVER_GATE_UNKNOWN',
      details: where,
      message: refuse('CHANGEOVER_GATE_UNKNOWN', where).message,
    })
    const wish = { ...pause, command: 'abort', id: 'c2' } as const
    await expect(here.send('r1', wish, { deadline: LONG_MS })).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
      message: expect.stringContaining('a mistake'),
    })
  })

  test('withdraw a command at its deadline, and nobody takes it later', async () => {
    const [there, here] = [await leader(), open()]
    const late = { code: 'CHANGEOVER_COMMAND_REFUSED' }
    await expect(here.send('r1', pause, { deadline: 50 })).rejects.toMatchObject(late)
    const taken: string[] = []
    there.receive(async (_, { id }) => taken.push(id) > 0)
    await here.send('r1', { ...pause, id: 'c2' }, { deadline: LONG_MS })
    expect(taken).toEqual(['c2'])
    await expect(here.send('r1', pause, { deadline: LONG_MS })).rejects.toMatchObject(late)
  })

  test('withdraw a command when the sender gives up, and when its store closes', async () => {
    const [there, here] = [await leader(), open()]
    const given = new AbortController()
    const sent = here.send('r1', pause, { deadline: LONG_MS, signal: given.signal })
    const other = here.send('r1', { ...pause, id: 'c2' }, { deadline: LONG_MS })
    const failed = Promise.allSettled([sent, other])
    await listening()
    given.abort(new Error('enough'))
    await expect(sent).rejects.toThrow('enough')
    await here.close()
    expect((await failed)[1]).toMatchObject({ reason: { code: 'CHANGEOVER_STORE_CLOSED' } })
    const taken: string[] = []
    there.receive(async (_, { id }) => taken.push(id) > 0)
    await there.send('r1', { ...pause, id: 'c3' }, { deadline: LONG_MS })
    expect(taken).toEqual(['c3'])
  })

  test('keep a command for the one that leads next', async () => {
    const [there, here] = [await leader(), open()]
    there.receive(async () => false)
    const sent = here.send('r1', pause, { deadline: LONG_MS })
    const lease = await there.lease('shop', 'leader', LONG_MS)
    await there.release(lease)
    const next = open()
    const taken: string[] = []
    next.receive(async (_, { id }) => taken.push(id) > 0)
    const { fence } = await next.lease('shop', 'next', LONG_MS)
    const after = journalMaker('r1').created()
    const { next: entry } = journalMaker('r1', { fence, after })
    await next.append('r1', 1, [entry({ type: 'led', holder: 'next' })])
    await sent
    expect(taken).toEqual(['c1'])
  })

  test('say so when the one that took a command never answers', async () => {
    const [there, here] = [await leader(), open()]
    there.receive(() => new Promise(() => undefined))
    const sent = Promise.allSettled([here.send('r1', pause, { deadline: 100 })])
    for (;;) {
      const taken = await server.query(
        connection,
        `update changeover.commands set taken_until = clock_timestamp() where state = 'taken' returning 1`,
      )
      if (taken.length > 0) break
      await delay(20)
    }
    await server.query(
      connection,
      `select pg_notify('changeover_store', '["changeover","answer","r1","c1"]')`,
    )
    expect(await sent).toMatchObject([{ reason: { code: 'CHANGEOVER_POSTGRES_UNANSWERED' } }])
  })

  test('are not disturbed by what others say on their channel', async () => {
    const store = open()
    const { told, until } = watching(store)
    await listening()
    for (const text of [
      '',
      '{',
      '[]',
      '["changeover","journal"]',
      '["changeover","journal",1,2,3]',
    ])
      await server.query(connection, `select pg_notify('changeover_store', $1)`, [text])
    await store.append('r1', 0, [journalMaker('r1').created()])
    await until({ rollout: 'r1', service: 'shop', seq: 0 })
    expect(told).toEqual([{ rollout: 'r1', service: 'shop', seq: 0 }])
  })
})
