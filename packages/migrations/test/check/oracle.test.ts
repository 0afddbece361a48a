import { checkMigrations } from '@changeover/migrations'
import type { CheckOptions, CheckReport } from '@changeover/migrations'
import { pgliteOracle } from '@changeover/migrations/pglite'
import { afterAll, expect, test } from 'vitest'

const schema = `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, bio text, age int);
  CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users (id), total int);`

const oracle = await pgliteOracle()
const serverVersion = oracle.serverVersion
afterAll(() => oracle.close())

async function ask(sql: string | string[], more: Partial<CheckOptions> = {}): Promise<CheckReport> {
  const migrations = typeof sql === 'string' ? [sql] : sql
  return checkMigrations({ schema, oracle, serverVersion, migrations, ...more })
}

function live(query: string, named = false) {
  return { live: [{ release: '1.0.0', contract: { queries: [{ sql: query, named }] } }] }
}

test('a database that runs the queries of a live release decides which of them break', async () => {
  const query = 'SELECT u.email, total FROM users u JOIN orders o ON o.user_id = u.id'
  const report = await ask('ALTER TABLE users ADD COLUMN total numeric', live(query))
  expect(report.verdict).toBe('unsafe')
  expect(report.findings).toMatchObject([{ release: '1.0.0', query, error: { code: '42702' } }])
})

test('what reading takes for a loss passes where the queries still run', async () => {
  const sql = `BEGIN; ALTER TABLE orders RENAME TO orders_2; CREATE VIEW orders AS SELECT * FROM orders_2; COMMIT;`
  expect(await ask(sql, live('SELECT id, total FROM orders FOR UPDATE'))).toMatchObject({
    verdict: 'safe',
  })
})

test('a prepared statement that a release holds breaks where the shape of its result changes', async () => {
  const sql = 'ALTER TABLE users ADD COLUMN city text'
  const query = 'SELECT * FROM users WHERE id = $1'
  expect(await ask(sql, live(query, false))).toMatchObject({ verdict: 'safe' })
  const warm = await ask(sql, live(query, true))
  expect(warm.verdict).toBe('unsafe')
  expect(warm.findings[0]?.error?.message).toContain('cached plan must not change result type')
})

test('SQL that is put together at run time is seen by what it does', async () => {
  const sql = `DO $$ BEGIN EXECUTE 'ALTER TABLE users DROP COLUMN ' || 'bio'; END $$`
  const report = await ask(sql, live('SELECT bio FROM users'))
  expect(report.verdict).toBe('unsafe')
  expect(report.findings.some(({ error }) => error?.code === '42703')).toBe(true)
})

test('a lock that the database was seen to hold over a scan stays a finding', async () => {
  const report = await ask('ALTER TABLE users ADD CONSTRAINT aged CHECK (age >= 0)', { live: [] })
  expect(report).toMatchObject({ verdict: 'unsafe', findings: [{ classes: ['lock'] }] })
})

test.each(['DROP INDEX users_aged', 'LOCK TABLE users', "UPDATE users SET bio = ''"])(
  'a lock that is only held, and rows that nobody made up, stay as they were read: %s',
  async (sql) => {
    const indexed = `${schema} CREATE INDEX users_aged ON users (age);`
    const report = await ask(`BEGIN; ${sql}; COMMIT`, { schema: indexed, live: [] })
    expect(report.verdict).toBe('unsafe')
  },
)

test('tables of this plan may be worked through: nobody uses them yet', async () => {
  const plan = [
    'CREATE TABLE tags (id bigint PRIMARY KEY, name text)',
    'CREATE INDEX tags_name ON tags (name)',
  ]
  expect(await ask(plan, { live: [] })).toMatchObject({ verdict: 'safe' })
})

test('a statement that the server refuses is told in its own words, and nothing after it counts as run', async () => {
  const report = await ask(
    ['ALTER TABLE users DROP COLUMN nothing', 'ALTER TABLE users DROP COLUMN bio'],
    { live: [] },
  )
  expect(report.verdict).toBe('unsafe')
  expect(report.findings[0]).toMatchObject({ rule: 'server-refuses', error: { code: '42703' } })
})

test('a contract that does not even run before the migrations proves nothing', async () => {
  const report = await ask('SELECT 1', live('SELECT nickname FROM users'))
  expect(report).toMatchObject({
    verdict: 'unknown',
    findings: [{ rule: 'broken-before', release: '1.0.0' }],
  })
})

test('a release without a contract is not vouched for by a database either', async () => {
  const report = await ask('ALTER TABLE users DROP COLUMN bio', { live: [{ release: '0.9.0' }] })
  expect(report).toMatchObject({ verdict: 'unknown', findings: [{ release: '0.9.0' }] })
})

test('a database of another version never overrules what reading says about locks', async () => {
  const sql = 'CREATE INDEX users_age ON users (age)'
  expect(await ask(sql, { serverVersion: 15, live: [] })).toMatchObject({ verdict: 'unsafe' })
})

test('a row that a migration brings itself does not meet one that the oracle made up', async () => {
  const report = await ask("INSERT INTO users (id, email) VALUES (1, 'first@example.com')", {
    live: [],
  })
  expect(report.verdict).toBe('safe')
})

test('what comes after a step that the server refuses was not proved: there, reading decides', async () => {
  const steps = ['ALTER TABLE users ADD CHECK (id < 0)', 'ALTER TABLE users DROP COLUMN bio']
  const { migrations, findings } = await ask(steps, live('SELECT bio FROM users'))
  expect(migrations.map(({ verdict }) => verdict)).toEqual(['unsafe', 'unsafe'])
  expect(findings.at(-1)).toMatchObject({ rule: 'drop-column', release: '1.0.0' })
})

test('a step that only adds may be the point of no return, but not where a new connection is enough', async () => {
  const ambiguous = live('SELECT email, total FROM users u JOIN orders o ON o.user_id = u.id')
  const sql = 'ALTER TABLE users ADD COLUMN total numeric'
  expect((await ask(sql, ambiguous)).pointOfNoReturn).toMatchObject({
    line: 1,
    releases: ['1.0.0'],
  })
  const prepared = await ask(sql, live('SELECT * FROM users', true))
  expect(prepared).toMatchObject({ verdict: 'unsafe', findings: [{ error: { code: '0A000' } }] })
  expect(prepared.pointOfNoReturn).toBeUndefined()
})
