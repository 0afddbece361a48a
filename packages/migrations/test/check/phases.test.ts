import { checkMigrations } from '@changeover/migrations'
import { expect, test } from 'vitest'

const schema = 'CREATE TABLE users (id bigint PRIMARY KEY, bio text, age int)'

async function phaseOf(sql: string) {
  const { migrations } = await checkMigrations({ schema, migrations: [sql] })
  return migrations[0]?.phase
}

test.each([
  ['ALTER TABLE users ADD COLUMN city text', 'expand'],
  ['CREATE TABLE places (id bigint PRIMARY KEY)', 'expand'],
  ['UPDATE users SET age = 1 WHERE id = 4', 'backfill'],
  ['ALTER TABLE users ADD CONSTRAINT aged CHECK (age > 0) NOT VALID', 'tighten'],
  ['ALTER TABLE users DROP COLUMN bio', 'contract'],
  ['ALTER TABLE users RENAME COLUMN bio TO story', 'contract'],
])('%s is of the phase %s', async (sql, phase) => {
  expect(await phaseOf(sql)).toBe(phase)
})

test('a migration is of the phase of its latest statement', async () => {
  expect(
    await phaseOf('ALTER TABLE users ADD COLUMN city text; ALTER TABLE users DROP COLUMN bio'),
  ).toBe('contract')
})

test('a step that is declared as earlier than it is gets refused at the statement that gives it away', async () => {
  const sql =
    '-- changeover: phase expand\nALTER TABLE users ADD COLUMN city text;\nALTER TABLE users DROP COLUMN bio;'
  const report = await checkMigrations({ schema, migrations: [sql], live: [] })
  expect(report.verdict).toBe('unsafe')
  expect(report.findings).toMatchObject([{ rule: 'phase-mismatch', line: 3, phase: 'contract' }])
})

test('the phase may be declared beside the file, and later than it is', async () => {
  const migration = { sql: 'ALTER TABLE users ADD COLUMN city text', phase: 'contract' as const }
  const report = await checkMigrations({ schema, migrations: [migration] })
  expect(report).toMatchObject({
    verdict: 'safe',
    migrations: [{ phase: 'expand', declared: 'contract' }],
  })
})
