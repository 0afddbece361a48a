import { createMigrationGuard, defineBackfill } from '@changeover/migrations'
import type {
  GuardEvent,
  MigrationGuardHandle,
  MigrationGuardOptions,
} from '@changeover/migrations'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { checksumOf } from '../../src/guard/steps.ts'
import { serverKinds } from './servers.ts'
import type { TestDatabase } from './servers.ts'

const kinds = await serverKinds()
const servers = await Promise.all(
  kinds.map(async ({ name, start }) => [name, await start()] as const),
)
const guards: MigrationGuardHandle[] = []
afterAll(async () => {
  await Promise.all(guards.map((guard) => guard.close()))
  await Promise.all(servers.map(([, server]) => server.close()))
})

const schema = `
  create table users (id bigint primary key, email text, bio text);
  create table orders (id uuid primary key default gen_random_uuid(), total int);
  insert into users (id, email) select g, 'U' || g from generate_series(1, 500) g;
  insert into orders (total) select g from generate_series(1, 250) g;`

const live = [{ release: '1.0.0', contract: { queries: ['SELECT id, email FROM users'] } }]

interface Guarded {
  readonly guard: MigrationGuardHandle
  readonly events: GuardEvent[]
}

function guardOf(
  { reach }: TestDatabase,
  migrations: readonly string[],
  more: Partial<MigrationGuardOptions> = {},
): Guarded {
  const events: GuardEvent[] = []
  const guard = createMigrationGuard({
    database: reach,
    migrations: migrations.map((sql, index) => ({
      id: `m${index + 1}`,
      file: `m${index + 1}.sql`,
      sql,
    })),
    live,
    retry: { attempts: 3, pause: 10 },
    lockTimeout: { lock: 200, data: 200, validate: 200 },
    onEvent: (event) => void events.push(event),
    ...more,
  })
  guards.push(guard)
  return { guard, events }
}

async function columnsOf(database: TestDatabase, table = 'users'): Promise<string> {
  const [row] = await database.query<{ names: string }>(
    `select string_agg(attname, ' ' order by attnum) as names from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  return row!.names
}

async function nothingRan(database: TestDatabase): Promise<boolean> {
  const [row] = await database.query<{ none: boolean }>(
    `select to_regclass('changeover.migration_steps') is null as none`,
  )
  return row!.none
}

function typesOf(events: readonly GuardEvent[]): string[] {
  return events.map(({ type }) => type)
}

/** Waits for as long as a busy machine may need. */
const until: typeof expect.poll = (look) => expect.poll(look, { timeout: 20_000 })

const WIDEN = 'ALTER TABLE users ADD COLUMN city text'
const NARROW = 'ALTER TABLE users DROP COLUMN bio'

const failing = [
  `SET search_path = public; ${WIDEN};`,
  'CREATE TABLE notes (id int); INSERT INTO notes VALUES (1); INSERT INTO orders (total) SELECT 1 / count(*) FROM notes WHERE id = 2;',
]
const mended = [failing[0]!, 'CREATE TABLE notes (id int); INSERT INTO notes VALUES (1);']

const lower = {
  id: 'users.email',
  table: 'users',
  key: 'id',
  set: 'email = lower(email)',
  where: 'email <> lower(email)',
  batchSize: 100,
  pause: 0,
}

describe.each(servers)('A guard on %s', (_, server) => {
  test('runs each phase once, and has nothing to do when it is asked again', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, [
      WIDEN,
      'CREATE INDEX CONCURRENTLY users_city ON users (city)',
      NARROW,
    ])
    expect(await guard.run({ phase: 'expand' })).toMatchObject({
      ran: ['m1', 'm2'],
      floor: undefined,
    })
    expect(await columnsOf(database)).toBe('id email bio city')
    expect(await guard.run({ phase: 'contract' })).toMatchObject({ ran: ['m3'], floor: '1.0.0' })
    expect(await columnsOf(database)).toBe('id email city')
    expect(await guard.run({ phase: 'contract' })).toMatchObject({
      ran: [],
      report: { findings: [] },
    })
  })

  test('gives up on a step that is blocked after a bounded number of tries, names the blocker, and takes it up again', async () => {
    const database = await server.database(schema)
    const blocker = await database.connect('nightly report')
    await blocker.query('begin; select count(*) from users')
    const { guard, events } = guardOf(database, [WIDEN])
    await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_BLOCKED',
      message: expect.stringMatching(
        /in 3 attempts.*nightly report.*select count\(\*\) from users/,
      ),
    })
    expect(typesOf(events).filter((type) => type === 'step-blocked')).toHaveLength(3)
    await blocker.query('commit')
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m1'] })
  })

  test('is one at a time: another one waits and is told who holds the lock, or refuses', async () => {
    const database = await server.database(schema)
    const blocker = await database.connect()
    await blocker.query('begin; lock table users in access share mode')
    const first = guardOf(database, [WIDEN], {
      retry: { attempts: 1_000, pause: 10, longestPause: '20ms' },
    })
    const running = first.guard.run({ phase: 'expand' })
    await until(() => typesOf(first.events)).toContain('step-blocked')
    const impatient = guardOf(database, [WIDEN], { lockWait: 0 })
    await expect(impatient.guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_LOCKED',
      message: expect.stringContaining('changeover-guard'),
    })
    const patient = guardOf(database, [WIDEN])
    const waiting = patient.guard.run({ phase: 'expand' })
    await until(() => typesOf(patient.events)).toContain('lock-waiting')
    await blocker.query('commit')
    expect(await running).toMatchObject({ ran: ['m1'] })
    expect(await waiting).toMatchObject({ ran: [] })
    expect(typesOf(patient.events)).not.toContain('step-started')
  })

  test('leaves a journal that says so when its connection is lost in mid-step, and decides by looking the next time', async () => {
    const database = await server.database(schema)
    const reader = await database.connect('reader')
    await reader.query('begin isolation level repeatable read; select from orders')
    const { guard, events } = guardOf(database, [
      'CREATE INDEX CONCURRENTLY users_bio ON users (bio)',
    ])
    const running = guard.run({ phase: 'expand' })
    await until(() =>
      database.query(`select from pg_index where indexrelid = to_regclass('users_bio')`),
    ).toHaveLength(1)
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'CREATE INDEX%'`,
    )
    await expect(running).rejects.toMatchObject({ code: 'CHANGEOVER_MIGRATIONS_CONNECTION_LOST' })
    expect(await database.query('select state, problem from changeover.migration_steps')).toEqual([
      { state: 'running', problem: expect.stringContaining('connection lost') },
    ])
    await reader.query('commit')
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m1'] })
    expect(typesOf(events)).toContain('index-dropped')
    expect(
      await database.query(
        `select indisvalid from pg_index where indexrelid = 'users_bio'::regclass`,
      ),
    ).toEqual([{ indisvalid: true }])
  })

  test('drops the index that a failed build leaves behind, and says what the server said', async () => {
    const database = await server.database(schema)
    await database.query(`insert into users values (1000, 'U1')`)
    const { guard } = guardOf(
      database,
      ['CREATE UNIQUE INDEX CONCURRENTLY users_email ON users (email)'],
      { live: [] },
    )
    await expect(guard.run({ phase: 'tighten' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_STEP_FAILED',
      message: expect.stringMatching(/m1\.sql:1.*could not create unique index.*23505/),
    })
    expect(await database.query(`select to_regclass('users_email') as name`)).toEqual([
      { name: null },
    ])
    await database.query('delete from users where id = 1000')
    expect(await guard.run({ phase: 'tighten' })).toMatchObject({ ran: ['m1'] })
  })

  test('leaves no session behind when it is closed while it works', async () => {
    const database = await server.database(schema)
    const blocker = await database.connect()
    await blocker.query('begin; lock table users in access share mode')
    const { guard, events } = guardOf(database, [WIDEN], { lockTimeout: { lock: '20s' } })
    const running = guard.run({ phase: 'expand' })
    await until(() => typesOf(events)).toContain('step-started')
    const closing = guard.close()
    expect(guard.close()).toBe(closing)
    await expect(running).rejects.toThrow('closed')
    await closing
    const left = `select from pg_stat_activity where application_name = 'changeover-guard' and datname = current_database()`
    await until(() => database.query(left)).toHaveLength(0)
    await blocker.query('commit')
    expect(await columnsOf(database)).toBe('id email bio')
  })

  test('fills rows batch by batch, by a key of any type, and tells how far it came', async () => {
    const database = await server.database(schema)
    const uuids = {
      id: 'orders',
      table: 'public.orders',
      key: 'id',
      set: 'total = -total',
      where: 'total > 0',
      batchSize: 100,
    }
    const { guard } = guardOf(database, [], {
      backfills: [defineBackfill(lower), defineBackfill(uuids)],
    })
    const { backfills } = await guard.run({ phase: 'backfill' })
    expect(backfills).toMatchObject([
      { backfill: 'users.email', rows: 500, batches: 5, position: '500' },
      { backfill: 'orders', rows: 250, batches: 3 },
    ])
    expect(await database.query('select count(*)::int from orders where total > 0')).toEqual([
      { count: 0 },
    ])
  })
})

// What does not depend on the server is tried on the newest one alone.
describe('A guard', () => {
  const [, server] = servers.at(-1)!

  test('refuses a phase that a live release cannot live with, names its query, and runs nothing', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, ['ALTER TABLE users DROP COLUMN email'])
    const refusal = guard.run({ phase: 'contract' })
    await expect(refusal).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_GUARD_REFUSED',
      message: expect.stringContaining('SELECT id, email FROM users'),
      report: { verdict: 'unsafe' },
    })
    expect(await nothingRan(database)).toBe(true)
  })

  test('asks who is live again under its lock, and refuses what only then turns out to break', async () => {
    const database = await server.database(schema)
    const answers = [
      live,
      [...live, { release: '0.9.0', contract: { queries: ['SELECT bio FROM users'] } }],
    ]
    const { guard, events } = guardOf(database, [NARROW], { live: () => answers.shift()! })
    await expect(guard.run({ phase: 'contract' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_GUARD_REFUSED',
      message: expect.stringContaining('0.9.0'),
    })
    expect(typesOf(events)).toEqual(['judged', 'lock-taken', 'judged'])
    expect(await nothingRan(database)).toBe(true)
  })

  test('counts a release whose sessions the database sees as live, with needs that nobody knows', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, [NARROW], { service: 'shop' })
    const forgotten = await database.connect('shop@0.8.0')
    await expect(guard.run({ phase: 'contract' })).rejects.toThrow('0.8.0')
    await forgotten.end()
    expect(await guard.run({ phase: 'contract' })).toMatchObject({ ran: ['m1'] })
  })

  test('refuses a migration that was changed after it ran, with both checksums', async () => {
    const database = await server.database(schema)
    await guardOf(database, [WIDEN]).guard.run({ phase: 'expand' })
    const changed = 'ALTER TABLE users ADD COLUMN town text'
    const refusal = guardOf(database, [changed]).guard.run({ phase: 'expand' })
    await expect(refusal).rejects.toMatchObject({ code: 'CHANGEOVER_MIGRATIONS_CHANGED' })
    await expect(refusal).rejects.toThrow(checksumOf({ sql: WIDEN }))
    await expect(refusal).rejects.toThrow(checksumOf({ sql: changed }))
    expect(await columnsOf(database)).toBe('id email bio city')
  })

  test('refuses to run a migration before an earlier one of another phase that touches the same', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, [NARROW, WIDEN])
    await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_ORDER',
      message: expect.stringContaining('users'),
    })
    const apart = guardOf(database, [NARROW, 'ALTER TABLE orders ADD COLUMN note text'])
    expect(await apart.guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m2'] })
  })

  test('keeps its time-outs, whatever a migration sets for itself', async () => {
    const database = await server.database(schema)
    const blocker = await database.connect()
    await blocker.query('begin; lock table users in access share mode')
    const { guard } = guardOf(database, [`SET lock_timeout = 0; ${WIDEN}`])
    await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_BLOCKED',
    })
    await blocker.query('commit')
  })

  test('takes for done what somebody has mended by hand after it failed', async () => {
    const database = await server.database(schema)
    const { guard, events } = guardOf(
      database,
      [
        'ALTER TABLE users ADD CONSTRAINT odd CHECK (id > 1) NOT VALID',
        'ALTER TABLE users VALIDATE CONSTRAINT odd',
      ],
      { live: [] },
    )
    await expect(guard.run({ phase: 'tighten' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_STEP_FAILED',
    })
    await database.query(
      'delete from users where id = 1; alter table users validate constraint odd',
    )
    expect(await guard.run({ phase: 'tighten' })).toMatchObject({ ran: ['m2'] })
    expect(typesOf(events)).toContain('step-found')
  })

  test('takes an index that the server has built to its end for done, though nobody was there to note it', async () => {
    const database = await server.database(schema)
    const reader = await database.connect('reader')
    await reader.query('begin isolation level repeatable read; select from orders')
    const { guard, events } = guardOf(database, [
      'CREATE INDEX CONCURRENTLY users_bio ON users (bio)',
    ])
    const stop = new AbortController()
    const running = guard.run({ phase: 'expand', signal: stop.signal })
    await until(() => typesOf(events)).toContain('step-started')
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    await reader.query('commit')
    await database.query('drop index if exists users_bio; create index users_bio on users (bio)')
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m1'] })
    expect(typesOf(events)).toContain('step-found')
  })

  test('takes an index that is there already for done', async () => {
    const database = await server.database(`${schema} create index users_bio on users (bio)`)
    const { guard, events } = guardOf(database, [
      'CREATE INDEX CONCURRENTLY users_bio ON users (bio)',
    ])
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m1'] })
    expect(typesOf(events)).toContain('step-found')
  })

  test('undoes all of a transaction that fails, and lets its text be mended', async () => {
    const database = await server.database(schema)
    const broken = guardOf(database, [`${WIDEN}; INSERT INTO orders (total) VALUES (1 / 0)`])
    await expect(broken.guard.run({ phase: 'expand' })).rejects.toThrow('division by zero')
    expect(await columnsOf(database)).toBe('id email bio')
    expect(await guardOf(database, [WIDEN]).guard.run({ phase: 'expand' })).toMatchObject({
      ran: ['m1'],
    })
  })

  test.each([
    ['each', 'id email bio city'],
    ['all', 'id email bio'],
  ] as const)(
    'undoes what failed where transactions are %s, and goes on from there',
    async (transactions, columns) => {
      const database = await server.database(schema)
      const { guard } = guardOf(database, failing, { transactions })
      await expect(guard.run({ phase: 'expand' })).rejects.toThrow('division by zero')
      expect(await columnsOf(database)).toBe(columns)
      expect(await database.query(`select to_regclass('notes') as notes`)).toEqual([
        { notes: null },
      ])
      await guardOf(database, mended, { transactions }).guard.run({ phase: 'expand' })
      expect(await database.query('select count(*)::int from notes')).toEqual([{ count: 1 }])
      expect(await columnsOf(database)).toBe('id email bio city')
    },
  )

  test('keeps what was done where there are no transactions, and does the rest of the same text', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, failing, { transactions: 'none' })
    await expect(guard.run({ phase: 'expand' })).rejects.toThrow('division by zero')
    const other = guardOf(database, mended, { transactions: 'none' }).guard
    await expect(other.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_CHANGED',
    })
    await database.query('update notes set id = 2')
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['m2'] })
    expect(await database.query('select count(*)::int from notes')).toEqual([{ count: 1 }])
    expect(await columnsOf(database)).toBe('id email bio city')
  })

  test('refuses what it could not account for', async () => {
    const database = await server.database(schema)
    for (const sql of [
      `${WIDEN}; ROLLBACK;`,
      'DISCARD ALL',
      'SELECT 1; nonsense',
      "PREPARE TRANSACTION 'x'",
    ])
      await expect(
        guardOf(database, [sql], {
          judge: async ({ migrations }) => ({
            verdict: 'safe',
            findings: [],
            migrations: migrations.map(() => ({
              id: 'm1',
              file: 'm1.sql',
              verdict: 'safe',
              phase: 'expand',
            })),
          }),
        }).guard.run({ phase: 'expand' }),
      ).rejects.toMatchObject({ code: 'CHANGEOVER_MIGRATIONS_UNSENDABLE' })
    expect(await nothingRan(database)).toBe(true)
  })

  test('notices that a migration has given up its lock', async () => {
    const database = await server.database(schema)
    const { guard } = guardOf(database, ['SELECT pg_advisory_unlock_all()', WIDEN], {
      judge: async ({ migrations }) => ({
        verdict: 'safe',
        findings: [],
        migrations: migrations.map((_one, index) => ({
          id: `m${index + 1}`,
          file: '',
          verdict: 'safe',
          phase: 'expand',
        })),
      }),
    })
    await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_LOCK_LOST',
    })
    expect(await columnsOf(database)).toBe('id email bio')
  })

  test('refuses a pool, and connections that are not its own', async () => {
    const database = await server.database(schema)
    const pool = new pg.Pool(database.reach)
    expect(() => guardOf(database, [], { database: pool as never })).toThrow(
      'a pool hands out sessions',
    )
    await pool.end()
    const shared = await database.connect()
    const one = {
      query: (sql: string, values?: unknown[]) => shared.query(sql, values),
      end: async () => {},
    }
    const { guard } = guardOf(database, [WIDEN], { database: async () => one })
    await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_POOLED',
    })
  })

  test('lets a backfill wait, and takes one that was broken off up where it was', async () => {
    const database = await server.database(schema)
    const { guard, events } = guardOf(database, [], {
      backfills: [
        defineBackfill({ ...lower, throttle: ({ batches }) => (batches === 2 ? 10_000 : 0) }),
      ],
    })
    const stop = new AbortController()
    guard.pause()
    const running = guard.run({ phase: 'backfill', signal: stop.signal })
    await until(() => typesOf(events).filter((type) => type === 'judged')).toHaveLength(2)
    expect(typesOf(events)).not.toContain('batch-done')
    guard.resume()
    await until(() => typesOf(events).filter((type) => type === 'batch-done')).toHaveLength(2)
    stop.abort(new Error('enough'))
    await expect(running).rejects.toThrow('enough')
    expect(await database.query('select position, state from changeover.backfills')).toEqual([
      { position: '200', state: 'running' },
    ])
    const again = guardOf(database, [], { backfills: [defineBackfill(lower)] })
    expect((await again.guard.run({ phase: 'backfill' })).backfills).toMatchObject([
      { rows: 500, batches: 5 },
    ])
  })

  test('goes over the table again for rows that were written meanwhile, and refuses to tighten while some are left', async () => {
    const database = await server.database(schema)
    const tighten = 'ALTER TABLE users ADD CONSTRAINT lower CHECK (email = lower(email)) NOT VALID'
    const writer = await database.connect()
    const backfills = [
      defineBackfill({
        ...lower,
        throttle: async ({ batches }) => {
          if (batches === 4) await writer.query(`insert into users values (0, 'NEW')`)
          return 0
        },
      }),
    ]
    const { guard } = guardOf(database, [tighten], { backfills, live: [] })
    await expect(guard.run({ phase: 'tighten' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_BACKFILL_INCOMPLETE',
    })
    expect((await guard.run({ phase: 'backfill' })).backfills).toMatchObject([{ rows: 501 }])
    await database.query(`insert into users values (-1, 'LATE')`)
    await expect(guard.run({ phase: 'tighten' })).rejects.toThrow('1 rows are left')
    await guard.run({ phase: 'backfill' })
    expect(await guard.run({ phase: 'tighten' })).toMatchObject({ ran: ['m1'] })
  })
})
