import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkMigrations } from '../../src/check/check-migrations.ts'
import type { CheckOptions } from '../../src/check/check-options.ts'
import type { CheckReport } from '../../src/report.ts'
import { RULES } from '../../src/rules/registry.ts'
import { LITE_CASES } from './lite-cases.ts'

const schema = readFileSync(new URL('baseline.lite.sql', import.meta.url), 'utf8')

function check(sql: string, more: Partial<CheckOptions> = {}): Promise<CheckReport> {
  return checkMigrations({ dialect: 'sqlite', schema, migrations: [sql], ...more })
}

describe('SQLite', () => {
  test.each(LITE_CASES.map((one) => [one.sql, one] as const))('judges %s', async (sql, wanted) => {
    const { verdict, findings } = await check(sql)
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

  test('names the query of the live release that breaks, and what SQLite says', async () => {
    const queries = ['SELECT id FROM users', 'SELECT bio FROM users WHERE id = ?']
    const live = [{ release: '2.4.0', contract: { queries } }]
    const { verdict, findings } = await check('ALTER TABLE users DROP COLUMN bio', { live })
    expect(verdict).toBe('unsafe')
    expect(findings).toMatchObject([
      {
        release: '2.4.0',
        query: queries[1],
        rule: 'drop-column',
        error: { message: 'no such column: bio' },
      },
    ])
  })

  test('lets a column go that no live release uses', async () => {
    const live = [{ release: '2.5.0', contract: { queries: ['SELECT id, name FROM users'] } }]
    const { findings } = await check('ALTER TABLE users DROP COLUMN bio', { live })
    expect(findings).toEqual([])
  })

  test('finds an INSERT that leaves out what is required from now on', async () => {
    const live = [
      { release: '1', contract: { queries: ['INSERT INTO accounts (owner_id) VALUES (?)'] } },
    ]
    const sql = LITE_CASES.find(({ rule }) => rule === 'drop-default-required')?.sql ?? ''
    const { verdict, findings } = await check(sql, { live })
    expect(verdict).toBe('unsafe')
    expect(findings[0]?.error?.message).toContain('NOT NULL constraint failed')
  })

  test('refuses to take anything from a release whose queries are not known', async () => {
    const { verdict } = await check('ALTER TABLE users DROP COLUMN bio', {
      live: [{ release: '1' }],
    })
    expect(verdict).toBe('unknown')
  })

  test('is content where nobody runs', async () => {
    const { verdict } = await check('ALTER TABLE users DROP COLUMN bio', { live: [] })
    expect(verdict).toBe('safe')
  })

  test('refuses a schema that does not load', async () => {
    await expect(check('SELECT 1', { schema: 'CREATE TABLE (' })).rejects.toMatchObject({
      code: 'CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED',
    })
  })

  test('judges by the words where no schema is given', async () => {
    const words = { dialect: 'sqlite', migrations: ['ALTER TABLE users DROP COLUMN bio'] } as const
    expect((await checkMigrations(words)).findings).toMatchObject([{ rule: 'drop-column' }])
    const index = { dialect: 'sqlite', migrations: ['CREATE INDEX a ON users (b)'] } as const
    expect((await checkMigrations(index)).verdict).toBe('safe')
  })

  test('says where in the file, and obeys a directive', async () => {
    const sql = '-- a comment\n\n  ALTER TABLE users DROP COLUMN bio;'
    expect((await check(sql)).findings).toMatchObject([{ line: 3, column: 3 }])
    const accepted = `-- changeover: ignore drop-column until 9.0.0 because nobody reads it\n${sql}`
    expect((await check(accepted)).verdict).toBe('safe')
  })
})
