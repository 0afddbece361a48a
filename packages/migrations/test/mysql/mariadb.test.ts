import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkMigrations } from '../../src/check/check-migrations.ts'
import { askServer } from '../../src/mysql/ask-server.ts'
import { LOCK_CASES } from './lock-cases.ts'
import { startMariadb } from './mariadb-server.ts'
import type { MariadbServer } from './mariadb-server.ts'

const schema = readFileSync(new URL('baseline.mysql.sql', import.meta.url), 'utf8')

let server: MariadbServer | undefined

beforeAll(async () => {
  server = await startMariadb()
}, 300_000)

afterAll(async () => server?.close())

/** Whether the schema is no longer the baseline: a refused statement leaves it as it is. */
let changed = true

async function fresh(): Promise<(sql: string) => Promise<unknown>> {
  if (!server) throw new Error('no server')
  const { connection } = server
  if (!changed) return (sql) => connection.query(sql)
  changed = true
  await connection.query('DROP DATABASE IF EXISTS shop; CREATE DATABASE shop; USE shop')
  await connection.query(schema)
  await connection.query("INSERT INTO users (email, name) VALUES ('a@x', 'a'), ('b@x', 'b')")
  return (sql) => connection.query(sql)
}

async function blocksByReading(sql: string): Promise<boolean> {
  const report = await checkMigrations({ dialect: 'mariadb', schema, migrations: [sql] })
  expect(report.verdict).not.toBe('unknown')
  return report.findings.some(({ classes }) => classes.includes('lock'))
}

describe('a real MariaDB', () => {
  test.each(LOCK_CASES)('agrees on %s', async (sql, blocks) => {
    expect(await blocksByReading(sql)).toBe(blocks)
    if (!server) return
    const answer = await askServer(sql, { server: 'mariadb', query: await fresh() })
    changed = answer.verdict === 'safe'
    expect(answer).toMatchObject({ verdict: blocks ? 'unsafe' : 'safe' })
  })
})

/** A migration that reading calls breaking, and a query that really breaks with it. */
const BREAKING: readonly (readonly [sql: string, query: string])[] = [
  ['ALTER TABLE users DROP COLUMN bio', 'SELECT bio FROM users'],
  ['ALTER TABLE users RENAME COLUMN name TO full_name', 'SELECT name FROM users'],
  ['RENAME TABLE users TO people', 'SELECT id FROM users'],
  ['DROP VIEW active_users', 'SELECT id FROM active_users'],
  ['ALTER TABLE users ADD COLUMN tenant INT NOT NULL', "INSERT INTO users (email) VALUES ('c@x')"],
  ['ALTER TABLE users ALTER COLUMN score DROP DEFAULT', "INSERT INTO users (email) VALUES ('c@x')"],
  [
    'ALTER TABLE users MODIFY name VARCHAR(50) NOT NULL',
    "INSERT INTO users (email) VALUES ('c@x')",
  ],
  [
    'ALTER TABLE sessions ADD COLUMN agent TEXT',
    "INSERT INTO sessions VALUES ('t', 1, '2026-01-01')",
  ],
]

describe('a live release on a real MariaDB', () => {
  test.each(BREAKING)('after %s cannot run %s', async (sql, query) => {
    const live = [{ release: '1', contract: { queries: [query] } }]
    const report = await checkMigrations({ dialect: 'mariadb', schema, migrations: [sql], live })
    expect(report.verdict).not.toBe('safe')
    if (!server) return
    const send = await fresh()
    changed = true
    await send('START TRANSACTION')
    await send(query)
    await send('ROLLBACK')
    await send(sql)
    await expect(send(query)).rejects.toMatchObject({ errno: expect.any(Number) as number })
  })
})
