import { beforeAll, describe, expect, test } from 'vitest'
import { checkMigrations } from '@changeover/migrations'
import type { Verdict } from '@changeover/migrations'
import { NARROWINGS, REMOVALS, SCHEMA } from './need-cases.ts'
import { loadParser } from '../../src/sql/parser.ts'

beforeAll(loadParser)

async function verdictOf(sql: string, query: string, named = false): Promise<Verdict> {
  const live = [{ release: '1.0.0', contract: { queries: [{ sql: query, named }] } }]
  const { findings } = await checkMigrations({ schema: SCHEMA, migrations: [sql], live })
  const own = findings.filter(({ classes }) => classes.includes('compat'))
  if (own.length === 0) return 'safe'
  return own.some(({ verdict }) => verdict === 'unsafe') ? 'unsafe' : 'unknown'
}

describe('what a step takes away', () => {
  test.each(REMOVALS)('%s breaks %s and not %s', async (sql, broken, unharmed) => {
    expect([await verdictOf(sql, broken), await verdictOf(sql, unharmed)]).toEqual([
      'unsafe',
      'safe',
    ])
  })
})

describe('what a step narrows', () => {
  test.each(NARROWINGS)('%s may touch %s and not %s', async (sql, touched, unharmed) => {
    expect([await verdictOf(sql, touched), await verdictOf(sql, unharmed)]).toEqual([
      'unknown',
      'safe',
    ])
  })

  test('a column that came with the same plan is left out by everybody', async () => {
    const sql =
      'ALTER TABLE users ADD COLUMN city text; ALTER TABLE users ALTER COLUMN city SET NOT NULL'
    expect(await verdictOf(sql, 'INSERT INTO users (email) VALUES ($1)')).not.toBe('safe')
    expect(await verdictOf(sql, 'UPDATE users SET email = $1')).toBe('safe')
  })
})

describe('what a step adds', () => {
  test.each<[string, boolean, Verdict]>([
    ['SELECT total FROM users JOIN orders ON true', false, 'unsafe'],
    ['SELECT o.total FROM users JOIN orders o ON true', false, 'safe'],
    // It does not run before; the column is what it waits for.
    ['SELECT id, total FROM users', false, 'safe'],
    ['UPDATE users SET email = $1 WHERE total > 1', false, 'safe'],
    ['SELECT total, count(*) FROM users GROUP BY total', false, 'safe'],
    ['SELECT id AS total FROM users GROUP BY total', false, 'unsafe'],
    ['SELECT id AS total FROM users ORDER BY total', false, 'safe'],
    ['SELECT * FROM users', true, 'unsafe'],
    ['SELECT * FROM users', false, 'safe'],
    ['DELETE FROM users RETURNING *', true, 'unsafe'],
    ['SELECT id FROM users', true, 'safe'],
    ['SELECT 1 FROM orders WHERE EXISTS (SELECT * FROM users)', true, 'safe'],
    ['SELECT * FROM users UNION SELECT * FROM users', false, 'unsafe'],
  ])('a new column, and %s (named: %s)', async (query, named, verdict) => {
    expect(await verdictOf('ALTER TABLE users ADD COLUMN total int', query, named)).toBe(verdict)
  })
})

describe('what a step does to prepared statements', () => {
  test.each<[string, boolean, Verdict]>([
    ['SELECT total FROM orders', true, 'unknown'],
    ['SELECT * FROM orders', true, 'unknown'],
    ['SELECT total FROM orders', false, 'safe'],
    ['SELECT id FROM orders', true, 'safe'],
  ])('a wider type, and %s (named: %s)', async (query, named, verdict) => {
    const sql = 'ALTER TABLE orders ALTER COLUMN total TYPE numeric'
    expect(await verdictOf(sql, query, named)).toBe(verdict)
  })
})

test('rows that are there refuse a required column, whoever is live', async () => {
  const sql = 'ALTER TABLE users ADD COLUMN city text NOT NULL'
  expect(await verdictOf(sql, 'SELECT email FROM users')).toBe('unsafe')
  expect(await verdictOf(sql, 'INSERT INTO users (email) VALUES ($1)')).toBe('unsafe')
})

test('a query that cannot be read may use anything', async () => {
  expect(await verdictOf('ALTER TABLE users DROP COLUMN bio', 'SELECT nothing FROM nowhere')).toBe(
    'unknown',
  )
  expect(
    await verdictOf('ALTER TABLE users ADD COLUMN city text', 'SELECT nothing FROM nowhere'),
  ).toBe('safe')
})

test('what the server refuses stays a finding, whoever is live', async () => {
  const report = await checkMigrations({
    schema: SCHEMA,
    migrations: ['ALTER TABLE users DROP COLUMN nothing'],
    live: [],
  })
  expect(report.verdict).toBe('unsafe')
})

test('what takes away something that no query can be asked about stays open', async () => {
  const sql = 'ALTER TEXT SEARCH CONFIGURATION english RENAME TO british'
  expect(await verdictOf(sql, 'SELECT 1')).toBe('unknown')
})
