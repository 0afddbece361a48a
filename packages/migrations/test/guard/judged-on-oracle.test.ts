import { createMigrationGuard, defineBackfill } from '@changeover/migrations'
import type {
  GuardEvent,
  MigrationGuardHandle,
  MigrationGuardOptions,
} from '@changeover/migrations'
import { embeddedPostgresOracle } from '@changeover/migrations/embedded-postgres'
import { afterAll, describe, expect, test } from 'vitest'
import { serverKinds } from './servers.ts'
import type { TestDatabase } from './servers.ts'

const kinds = await serverKinds()
const [server, oracle] = await Promise.all([kinds.at(-1)!.start(), embeddedPostgresOracle()])
const guards: MigrationGuardHandle[] = []
afterAll(async () => {
  await Promise.all(guards.map((guard) => guard.close()))
  await Promise.all([server.close(), oracle.close()])
})

const schema = `
  create table users (id bigint primary key, name text not null, bio text);
  create index users_bio on users (bio);
  insert into users select g, 'u' || g from generate_series(1, 30) g;`

function guardOf(
  { reach }: TestDatabase,
  sqls: readonly string[],
  more: Partial<MigrationGuardOptions> = {},
): MigrationGuardHandle {
  const migrations = sqls.map((sql, index) => ({ id: `m${index + 1}`, sql }))
  const guard = createMigrationGuard({
    database: reach,
    migrations,
    live: [],
    oracle,
    service: 'shop',
    ...more,
  })
  guards.push(guard)
  return guard
}

const FULL = [
  'ALTER TABLE users ADD COLUMN full_name text',
  'ALTER TABLE users ADD CONSTRAINT named CHECK (full_name IS NOT NULL) NOT VALID',
  'ALTER TABLE users VALIDATE CONSTRAINT named',
  'ALTER TABLE users ALTER COLUMN full_name SET NOT NULL; ALTER TABLE users DROP CONSTRAINT named',
]
const job = { id: 'users.full_name', table: 'users', key: 'id', batchSize: 10, pause: 0 }
const filling = defineBackfill({ ...job, set: 'full_name = name', where: 'full_name IS NULL' })
const NARROW = 'ALTER TABLE users DROP COLUMN bio'

describe('A guard with an oracle', () => {
  test.each([
    ['set and where', filling],
    [
      'batches',
      defineBackfill({
        ...job,
        batch: 'UPDATE users SET full_name = name WHERE id > $1 AND id <= $2::bigint',
        verify: 'SELECT count(*) FROM users WHERE full_name IS NULL',
      }),
    ],
  ])('lets through what relies on a backfill, before it ran and after: %s', async (_, backfill) => {
    const guard = guardOf(await server.database(schema), FULL, { backfills: [backfill] })
    const ahead = await guard.judge({ phase: 'tighten' })
    expect(ahead.migrations.map(({ id }) => id)).toEqual(['m2', 'm3', 'm4'])
    expect(ahead).toMatchObject({ verdict: 'safe' })
    for (const phase of ['expand', 'backfill', 'tighten'] as const) await guard.run({ phase })
    expect(await guard.judge({ phase: 'tighten' })).toMatchObject({ migrations: [] })
  })

  test('refuses it without the backfill, in the words of the server', async () => {
    const guard = guardOf(await server.database(schema), FULL)
    const { verdict, findings } = await guard.judge({ phase: 'tighten' })
    expect(verdict).toBe('unsafe')
    expect(findings.map(({ error }) => error?.code)).toContain('23514')
  })

  test('passes over a backfill that the schema no longer has the columns for', async () => {
    const gone = { ...job, id: 'gone', set: 'full_name = old_name', where: 'old_name <> name' }
    const backfills = [defineBackfill(gone), filling]
    const guard = guardOf(await server.database(schema), FULL, { backfills })
    expect(await guard.judge({ phase: 'tighten' })).toMatchObject({ verdict: 'safe' })
  })

  test('still tells which query of a release did not run in the first place', async () => {
    const database = await server.database(`${schema}; alter table users add full_name text`)
    const live = [{ release: '1.0.0', contract: { queries: ['SELECT nothing FROM users'] } }]
    const guard = guardOf(database, FULL.slice(1), { backfills: [filling], live })
    const { findings } = await guard.judge({ phase: 'tighten' })
    const finding = findings.find(({ rule }) => rule === 'broken-before')
    expect(finding).toMatchObject({ release: '1.0.0', migration: 'm1', file: 'm1.sql' })
  })

  test('does not call a phase safe that it could not try, because a step before it is refused by the server', async () => {
    const never = 'ALTER TABLE users ADD COLUMN rank int CHECK (rank IS NOT NULL)'
    const guard = guardOf(await server.database(schema), [never, NARROW])
    const { verdict, findings } = await guard.judge({ phase: 'contract' })
    expect(verdict).toBe('unsafe')
    expect(findings).toMatchObject([{ migration: 'm1', error: { code: '23514' } }])
  })
})

describe('A guard that the engine asks', () => {
  const release = (id: string) => ({ id, version: id })
  const request = { service: 'shop', phase: 'contract' as const, target: release('3.0.0') }
  const live = [release('3.0.0')]
  const fleet = ['2.0.0', '3.0.0']
  const asked: Partial<MigrationGuardOptions> = {
    live: () => fleet,
    contracts: (id) => (id === '3.0.0' ? { queries: ['SELECT id, name FROM users'] } : undefined),
  }

  test('plans for the time when what is connected now has gone, and looks again when it narrows', async () => {
    const database = await server.database(schema)
    const guard = guardOf(database, [NARROW], asked)
    const old = await database.connect('shop@2.0.0')
    expect(await guard.check({ ...request, live })).toEqual({ verdict: 'safe', findings: [] })
    const applied = await guard.apply({ ...request, live })
    expect(applied.verdict).not.toBe('safe')
    expect(applied.findings.join()).toContain('2.0.0')
    await old.end()
    fleet.shift()
    expect(await guard.apply({ ...request, live })).toMatchObject({ verdict: 'safe' })
  })

  test('gives each finding as a part of a sentence: the engine ends it', async () => {
    const database = await server.database(schema)
    const guard = createMigrationGuard({
      database: database.reach,
      migrations: [{ id: 'm1', sql: NARROW }],
    })
    guards.push(guard)
    const { findings } = await guard.check({ ...request, live })
    expect(findings).not.toEqual([])
    expect(findings.filter((line) => line.endsWith('.'))).toEqual([])
  })
})

test('A floor is told once for each time it moves, however many steps narrow', async () => {
  const database = await server.database(schema)
  const events: GuardEvent[] = []
  const narrow = [
    '-- changeover: phase contract\nDROP INDEX CONCURRENTLY users_bio',
    NARROW,
    'ALTER TABLE users DROP COLUMN name',
  ]
  const guard = guardOf(database, narrow, {
    live: [{ release: '2.0.0', contract: { queries: ['SELECT id FROM users'] } }],
    onEvent: (event) => void events.push(event),
  })
  await guard.run({ phase: 'contract' })
  const moves = events.filter(({ type }) => type === 'floor-set')
  expect(moves).toEqual([{ type: 'floor-set', service: 'shop', release: '2.0.0' }])
  expect(await database.query('select migration from changeover.schema_floor')).toEqual([
    { migration: 'm1' },
  ])
})
