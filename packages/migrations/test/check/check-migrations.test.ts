import { checkMigrations } from '@changeover/migrations'
import type { CheckOptions } from '@changeover/migrations'
import { describe, expect, test } from 'vitest'
import { withTransactions } from '../../src/sources/transactions-of.ts'

const schema = 'CREATE TABLE users (id bigint PRIMARY KEY, bio text, age int)'

test('a finding says what, where, for whom, why, and what to do with the names of the case', async () => {
  const sql = '\n  ALTER TABLE users\n    DROP COLUMN bio;'
  const { findings } = await checkMigrations({
    schema,
    migrations: [{ id: '7', file: 'db/7.sql', sql }],
  })
  expect(findings).toMatchObject([
    {
      rule: 'drop-column',
      classes: ['compat'],
      verdict: 'unsafe',
      phase: 'contract',
      migration: '7',
      file: 'db/7.sql',
    },
  ])
  const [finding] = findings
  expect(finding?.line).toBeGreaterThanOrEqual(2)
  for (const text of [finding?.message, finding?.fix]) expect(text).toContain('bio')
  for (const text of [finding?.message, finding?.why, finding?.fix])
    expect(text).not.toMatch(/\{\w+\}/)
})

test('a file that does not parse gives file, line, column and the words of the server, and is not safe', async () => {
  const sql = 'SELECT 1;\nALTER TABLE users ADD COLUM x int;'
  const report = await checkMigrations({ schema, migrations: [{ file: 'db/8.sql', sql }] })
  expect(report.verdict).toBe('unknown')
  expect(report.findings).toMatchObject([{ rule: 'syntax-error', file: 'db/8.sql', line: 2 }])
  expect(report.findings[0]?.message).toContain('syntax error at or near')
})

test('with nobody running, what takes something away harms nobody', async () => {
  const migrations = ['ALTER TABLE users DROP COLUMN bio']
  expect(await checkMigrations({ schema, migrations, live: [] })).toMatchObject({ verdict: 'safe' })
})

test('with nobody running, the lock still keeps no one waiting but those who come: it stays a finding', async () => {
  const migrations = ['CREATE INDEX users_age ON users (age)']
  expect(await checkMigrations({ schema, migrations, live: [] })).toMatchObject({
    verdict: 'unsafe',
  })
})

test('a release that nobody has a contract of may need anything', async () => {
  const migrations = ['ALTER TABLE users DROP COLUMN bio']
  const report = await checkMigrations({ schema, migrations, live: [{ release: '1.0.0' }] })
  expect(report.verdict).toBe('unknown')
  expect(report.findings).toMatchObject([
    { rule: 'drop-column', release: '1.0.0', verdict: 'unknown' },
  ])
})

test('a release that reads what goes away is named with its query', async () => {
  const query = 'SELECT id, bio FROM users'
  const live = [
    { release: '1.0.0', contract: { queries: [query] } },
    { release: '2.0.0', contract: { queries: ['SELECT id FROM users'] } },
  ]
  const report = await checkMigrations({
    schema,
    migrations: ['ALTER TABLE users DROP COLUMN bio'],
    live,
  })
  expect(report.verdict).toBe('unsafe')
  expect(report.findings).toMatchObject([{ rule: 'drop-column', release: '1.0.0', query }])
})

test('what no live release reads may go', async () => {
  const live = [
    {
      release: '2.0.0',
      contract: { queries: ['SELECT id FROM users', 'INSERT INTO users (id) VALUES ($1)'] },
    },
  ]
  const report = await checkMigrations({
    schema,
    migrations: ['ALTER TABLE users DROP COLUMN bio'],
    live,
  })
  expect(report.verdict).toBe('safe')
  expect(report.pointOfNoReturn).toBeUndefined()
})

test('the point of no return is the first step after which the release to go back to no longer runs', async () => {
  const report = await checkMigrations({
    schema,
    migrations: [
      { id: '1', file: '1.sql', sql: 'ALTER TABLE users ADD COLUMN city text' },
      {
        id: '2',
        file: '2.sql',
        sql: 'ALTER TABLE users DROP COLUMN age;\nALTER TABLE users DROP COLUMN bio',
      },
    ],
    live: [{ release: '2.0.0', contract: { queries: ['SELECT id FROM users'] } }],
    rollbackTarget: { release: '1.0.0', contract: { queries: ['SELECT bio FROM users'] } },
  })
  expect(report.verdict).toBe('unsafe')
  expect(report.pointOfNoReturn).toEqual({
    migration: '2',
    file: '2.sql',
    line: 2,
    releases: ['1.0.0'],
  })
})

test('a schema that does not load is refused, not guessed at', async () => {
  await expect(
    checkMigrations({ schema: 'CREATE TABEL x()', migrations: [] }),
  ).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED',
  })
})

test.each<[string, object]>([
  ['dialect', { dialect: 'oracle' }],
  ['transactions', { transactions: 'one' }],
  ['serverVersion', { serverVersion: 'fifteen' }],
  ['live', { live: ['1.0.0'] }],
  ['lives', { lives: [] }],
  ['today', { today: 'tomorrow' }],
])('an option that means nothing is named: %s', async (field, odd) => {
  const options = { schema, migrations: [], ...odd } as CheckOptions
  await expect(checkMigrations(options)).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_OPTION_INVALID',
    message: expect.stringContaining(field) as unknown,
  })
})

test('what a tool puts into one transaction is known from where its migrations were loaded', async () => {
  const statements = [
    'ALTER TABLE users ADD CONSTRAINT aged CHECK (age > 0) NOT VALID',
    'ALTER TABLE users VALIDATE CONSTRAINT aged',
  ]
  const loaded = withTransactions(
    statements.map((sql, at) => ({ id: `${at}`, file: `${at}.sql`, sql })),
    'all',
  )
  const rules = async (options: Partial<CheckOptions>) =>
    (await checkMigrations({ schema, migrations: loaded, ...options })).findings.map(
      ({ rule }) => rule,
    )
  expect(await rules({})).toEqual(await rules({ transactions: 'all' }))
  expect(await rules({})).not.toEqual(await rules({ transactions: 'each' }))
})

test.each([18, 18.4, '18', '18.4'])(
  'a server may be named as it names itself: %s',
  async (serverVersion) => {
    const migrations = [
      'ALTER TABLE users ADD COLUMN twice int GENERATED ALWAYS AS (age * 2) VIRTUAL',
    ]
    expect(await checkMigrations({ schema, migrations, serverVersion })).toMatchObject({
      verdict: 'safe',
    })
    expect(await checkMigrations({ schema, migrations, serverVersion: '15.18' })).not.toMatchObject(
      { verdict: 'safe' },
    )
  },
)

describe('the release to go back to', () => {
  const drop = (column: string) => `ALTER TABLE users DROP COLUMN ${column}`
  const reads = (release: string, column: string) => ({
    release,
    contract: { queries: [`SELECT ${column} FROM users`] },
  })

  test('has a point of no return of its own, wherever others break', async () => {
    const migrations = [drop('age'), drop('bio')]
    const options = { schema, migrations, live: [reads('2.0.0', 'age')] }
    expect((await checkMigrations(options)).pointOfNoReturn).toMatchObject({ migration: '1' })
    const report = await checkMigrations({ ...options, rollbackTarget: reads('1.0.0', 'bio') })
    expect(report.pointOfNoReturn).toMatchObject({ migration: '2', releases: ['1.0.0'] })
  })

  test('says nothing of who else may run: without a list, anything may be in use', async () => {
    const rollbackTarget = reads('1.0.0', 'bio')
    const report = await checkMigrations({ schema, migrations: [drop('age')], rollbackTarget })
    expect(report.verdict).toBe('unknown')
    expect(report.pointOfNoReturn).toBeUndefined()
  })
})
