import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkMigrations } from '../../src/check/check-migrations.ts'
import type { CheckOptions } from '../../src/check/check-options.ts'
import { RULES } from '../../src/rules/registry.ts'
import type { CheckReport } from '../../src/report.ts'
import { MYSQL_CASES } from './mysql-cases.ts'

const schema = readFileSync(new URL('baseline.mysql.sql', import.meta.url), 'utf8')

function check(sql: string, more: Partial<CheckOptions> = {}): Promise<CheckReport> {
  return checkMigrations({ dialect: 'mysql', schema, migrations: [sql], ...more })
}

const ON_EACH = MYSQL_CASES.flatMap((one) =>
  (one.dialect ? [one.dialect] : (['mysql', 'mariadb'] as const)).map(
    (dialect) => [dialect, one.sql, one] as const,
  ),
)

describe('MySQL and MariaDB', () => {
  test.each(ON_EACH)('%s: %s', async (dialect, sql, wanted) => {
    const { verdict, findings } = await check(sql, { dialect })
    const worst = findings.find((one) => one.verdict === verdict)
    expect({ verdict, rule: worst?.rule, classes: worst?.classes ?? [] }).toEqual({
      verdict: wanted.verdict,
      rule: wanted.rule,
      classes: wanted.classes,
    })
    const unfilled = findings.filter(
      ({ rule, message, why, fix }) => !(rule in RULES) || /\{\w+\}/.test(message + why + fix),
    )
    expect(unfilled).toEqual([])
  })

  test('names the query of the live release that breaks', async () => {
    const queries = [
      'SELECT id FROM users',
      'SELECT u.id, u.Bio FROM users AS u JOIN orders o ON o.user_id = u.id',
    ]
    const live = [{ release: '2.4.0', contract: { queries } }]
    const { verdict, findings } = await check('ALTER TABLE users DROP COLUMN bio', { live })
    expect(verdict).toBe('unsafe')
    expect(findings).toMatchObject([{ release: '2.4.0', query: queries[1], rule: 'drop-column' }])
  })

  test.each([
    ['SELECT id, name FROM users', 'safe'],
    ['SELECT * FROM users', 'unsafe'],
    ['UPDATE users SET bio = ? WHERE id = ?', 'unsafe'],
    ['SELECT (SELECT max(bio) FROM users) FROM orders', 'unsafe'],
    ['SELECT bio FROM orders', 'safe'],
    ['HANDLER users OPEN', 'unknown'],
  ])('with %s live, dropping a column is %s', async (query, wanted) => {
    const live = [{ release: '1', contract: { queries: [query] } }]
    expect((await check('ALTER TABLE users DROP COLUMN bio', { live })).verdict).toBe(wanted)
  })

  test.each([
    ['INSERT INTO users (email) VALUES (?)', 'unsafe'],
    ['INSERT INTO accounts (id) VALUES (?)', 'safe'],
  ])('with %s live, a required column is %s', async (query, wanted) => {
    const live = [{ release: '1', contract: { queries: [query] } }]
    expect(
      (await check('ALTER TABLE users ADD COLUMN tenant INT NOT NULL', { live })).verdict,
    ).toBe(wanted)
  })

  test('finds an INSERT without a list of columns that a new column breaks', async () => {
    const live = [
      { release: '1', contract: { queries: ['INSERT INTO sessions VALUES (?, ?, ?)'] } },
    ]
    const { findings } = await check('ALTER TABLE sessions ADD COLUMN agent TEXT', { live })
    expect(findings).toMatchObject([{ release: '1', verdict: 'unsafe', rule: 'add-column' }])
  })

  test('says where in the file, and obeys a directive behind a hash', async () => {
    const sql = '# a comment\n\n  ALTER TABLE users DROP COLUMN bio;'
    expect((await check(sql)).findings).toMatchObject([{ line: 3, column: 3 }])
    const accepted = `# changeover: ignore drop-column until 9.0.0 because nobody reads it\n${sql}`
    expect((await check(accepted)).verdict).toBe('safe')
  })

  test('refuses a schema that cannot be cut into statements', async () => {
    await expect(
      check('SELECT 1', { schema: "CREATE TABLE a (b INT) COMMENT 'x" }),
    ).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED',
    })
  })
})
