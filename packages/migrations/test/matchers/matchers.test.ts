// oxlint-disable-next-line import/no-unassigned-import -- it registers the matchers
import '@changeover/migrations/vitest'
import { checkMigrations } from '@changeover/migrations'
import type { CheckReport, LiveReleaseInput, Phase, SchemaOracle } from '@changeover/migrations'
import { pgliteOracle } from '@changeover/migrations/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const schema = 'CREATE TABLE users (id bigint PRIMARY KEY, bio text, age int)'
const expanding = 'ALTER TABLE users ADD COLUMN city text'
const dropping = { file: 'db/7.sql', sql: 'ALTER TABLE users DROP COLUMN bio' }
const locking = 'CREATE INDEX users_age ON users (age)'
const unreadable = 'ALTER TABEL users'
const dynamic = "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'users'; END $$"
const contract = { release: '1.0.0', queries: ['SELECT id, bio FROM users'] }
const live: LiveReleaseInput[] = [{ release: '1.0.0', contract }]

describe('toBeSafeToDeploy', () => {
  test('takes SQL, a migration, several, and a report', async () => {
    await expect(expanding).toBeSafeToDeploy({ schema })
    await expect({ sql: expanding }).toBeSafeToDeploy({ schema })
    await expect([expanding, { sql: 'SELECT 1' }]).toBeSafeToDeploy({ schema })
    const report = await checkMigrations({ schema, migrations: [expanding] })
    await expect(report).toBeSafeToDeploy()
  })

  test('fails with the report: place, release, query and what to do instead', async () => {
    const said = await failure(expect(dropping).toBeSafeToDeploy({ schema, live }))
    expect(said).toMatch(
      /^Expected the migrations to be safe to deploy:\n\ndb\/7\.sql \(contract\)/,
    )
    for (const part of [
      'db/7.sql:1:1  unsafe  drop-column',
      'breaks: release 1.0.0',
      'query: SELECT id, bio FROM users',
      'instead:',
      'Point of no return: db/7.sql:1.',
    ])
      expect(said).toContain(part)
  })

  test('fails on what cannot be known', async () => {
    await expect(unreadable).not.toBeSafeToDeploy({ schema })
    await expect(dynamic).not.toBeSafeToDeploy({ schema })
  })

  test('fails with not on what is safe', async () => {
    const said = await failure(expect(expanding).not.toBeSafeToDeploy({ schema }))
    expect(said).toContain('Expected the migrations not to be safe to deploy:')
  })
})

describe('toMatchPhase', () => {
  test.each<[Phase, string]>([
    ['expand', expanding],
    ['backfill', 'UPDATE users SET age = 1 WHERE id = 7'],
    ['tighten', 'ALTER TABLE users ADD CONSTRAINT adult CHECK (age > 17) NOT VALID'],
    ['contract', dropping.sql],
  ])('is %s by what the statement does', async (phase, sql) => {
    await expect(sql).toMatchPhase(phase, { schema })
    const others = ['expand', 'backfill', 'tighten', 'contract'] as const
    for (const other of others.filter((one) => one !== phase))
      await expect(sql).not.toMatchPhase(other, { schema })
  })

  test('fails where one of several is of another phase, and names the phase of each', async () => {
    const said = await failure(expect([expanding, dropping]).toMatchPhase('expand', { schema }))
    expect(said).toContain('1.sql: expand\ndb/7.sql: contract')
  })

  test('counts what an author declares, unless the migration does more than that', async () => {
    await expect({ sql: expanding, phase: 'contract' }).toMatchPhase('contract', { schema })
    await expect({ ...dropping, phase: 'expand' }).not.toMatchPhase('expand', { schema })
  })

  test.each([unreadable, dynamic])('fails on what cannot be read: %s', async (sql) => {
    await expect(sql).not.toMatchPhase('expand', { schema })
  })

  test('refuses what is no phase', async () => {
    const odd = 'shrink' as Phase
    const said = await failure(expect(expanding).toMatchPhase(odd))
    expect(said).toContain('"shrink" is no phase: give one of expand, backfill, tighten, contract.')
  })
})

describe('toHoldNoLockWhileScanning', () => {
  test('passes where the server works without keeping anyone waiting', async () => {
    await expect('CREATE INDEX CONCURRENTLY ON users (age)').toHoldNoLockWhileScanning({ schema })
  })

  test('says nothing of what breaks queries', async () => {
    await expect(dropping).toHoldNoLockWhileScanning({ schema, live })
  })

  test('fails with the findings about locks, and no others', async () => {
    const said = await failure(expect([locking, dropping]).toHoldNoLockWhileScanning({ schema }))
    expect(said).toContain('create-index-blocking')
    expect(said).not.toContain('drop-column')
  })

  test.each([unreadable, dynamic])('fails on what cannot be read: %s', async (sql) => {
    await expect(sql).not.toHoldNoLockWhileScanning({ schema })
  })
})

describe('toKeepContract without a database', () => {
  test('fails with the query that breaks, and says nothing of locks', async () => {
    const said = await failure(expect([locking, dropping]).toKeepContract(contract, { schema }))
    expect(said).toContain('to keep the contract (1 query):')
    expect(said).toContain('query: SELECT id, bio FROM users')
    expect(said).not.toContain('create-index-blocking')
  })

  test('passes where no query uses what goes away', async () => {
    await expect(dropping).toKeepContract({ queries: ['SELECT id FROM users'] }, { schema })
    await expect(locking).toKeepContract(contract, { schema })
  })

  test.each([unreadable, dynamic])('fails on what cannot be read: %s', async (sql) => {
    await expect(sql).not.toKeepContract(contract, { schema })
  })
})

describe('toKeepContract with a database', () => {
  let oracle: SchemaOracle

  beforeAll(async () => {
    oracle = await pgliteOracle()
  }, 120_000)
  afterAll(() => oracle.close())

  test('fails with the words of the server', async () => {
    const said = await failure(expect(dropping).toKeepContract(contract, { schema, oracle }))
    expect(said).toContain('db/7.sql:1  breaks release 1.0.0: a query can no longer be run')
    expect(said).toContain('server: column "bio" does not exist (42703)')
    expect(said).toContain('The contract is broken: 1 broken query.')
  })

  test('passes where every query still runs', async () => {
    await expect([expanding, locking]).toKeepContract(contract, { schema, oracle })
  })

  test('is asked by the other matchers as well', async () => {
    const said = await failure(expect(dropping).toBeSafeToDeploy({ schema, live, oracle }))
    expect(said).toContain('server: column "bio" does not exist (42703)')
    await expect(locking).not.toHoldNoLockWhileScanning({ schema, oracle })
  })
})

describe('What is no migration', () => {
  const report: CheckReport = { verdict: 'safe', findings: [], migrations: [] }

  test.each<[string, unknown]>([
    ['of the type undefined', undefined],
    ['of the type number', 7],
    ['null', null],
    ['a promise (await it first)', Promise.resolve(expanding)],
    ['of the type object', { id: '7' }],
    ['of the type number', [expanding, 7]],
  ])('is refused, with not as well: %s', async (name, received) => {
    const code = 'CHANGEOVER_MIGRATIONS_OPTION_INVALID'
    const message = expect.stringContaining(`is ${name}:`) as unknown
    await expect(expect(received).toBeSafeToDeploy()).rejects.toMatchObject({ code, message })
    await expect(expect(received).not.toMatchPhase('expand')).rejects.toMatchObject({ code })
    await expect(expect(received).not.toKeepContract(contract)).rejects.toMatchObject({ code })
    await expect(expect(received).not.toHoldNoLockWhileScanning()).rejects.toMatchObject({ code })
  })

  test('a report proves nothing of a contract, and cannot be judged a second time', async () => {
    expect(await failure(expect(report).toKeepContract(contract))).toContain('is a report')
    expect(await failure(expect(report).toBeSafeToDeploy({ schema }))).toContain(
      'options mean nothing for a report',
    )
  })
})

/** What a person reads. */
async function failure(expectation: Promise<void>): Promise<string> {
  return expectation.then(
    () => 'It passed.',
    (error: unknown) => String(error instanceof Error ? error.message : error),
  )
}
