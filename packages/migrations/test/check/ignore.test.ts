import { checkMigrations } from '@changeover/migrations'
import { expect, test } from 'vitest'

const schema = 'CREATE TABLE users (id bigint PRIMARY KEY, bio text, age int)'
const drop = 'ALTER TABLE users DROP COLUMN bio;'

async function check(sql: string, occasion: { today?: string; version?: string } = {}) {
  return checkMigrations({ schema, migrations: [{ id: '7', file: 'db/7.sql', sql }], ...occasion })
}

test('a directive accepts a finding for its reason, until its date', async () => {
  const sql = `-- changeover: ignore drop-column until 2026-12-01 because nobody reads bio\n${drop}`
  const report = await check(sql, { today: '2026-11-30' })
  expect(report.verdict).toBe('safe')
  expect(report.findings[0]?.ignored).toEqual({ until: '2026-12-01', reason: 'nobody reads bio' })
})

test('a directive that has ended accepts nothing, and is a finding itself', async () => {
  const sql = `-- changeover: ignore drop-column until 2026-12-01 because nobody reads bio\n${drop}`
  const report = await check(sql, { today: '2026-12-01' })
  expect(report.verdict).toBe('unsafe')
  expect(report.findings.map(({ rule }) => rule)).toEqual(['drop-column', 'ignore-ended'])
})

test.each([
  ['2.4.9', 'safe'],
  ['2.5.0-rc.1', 'unsafe'],
  ['2.5.0', 'unsafe'],
  ['10.0.0', 'unsafe'],
])('a directive until 2.5.0 is judged %s as %s', async (version, verdict) => {
  const sql = `-- changeover: ignore drop-column until 2.5.0 because nobody reads bio\n${drop}`
  expect(await check(sql, { version })).toMatchObject({ verdict })
})

test('a directive covers the statement that it stands before, and no other', async () => {
  const sql = `SELECT 1;\n-- changeover: ignore drop-column until 2099-01-01 because unused\n${drop}\nALTER TABLE users DROP COLUMN age;`
  const { findings, verdict } = await check(sql)
  expect(verdict).toBe('unsafe')
  expect(findings.map(({ line, ignored }) => [line, ignored !== undefined])).toEqual([
    [3, true],
    [4, false],
  ])
})

test('a directive accepts no other rule than the one it names', async () => {
  const sql = `-- changeover: ignore drop-table until 2099-01-01 because unused\n${drop}`
  expect(await check(sql)).toMatchObject({ verdict: 'unsafe' })
})

test('a directive for a rule that does not exist is named', async () => {
  const sql = `-- changeover: ignore drop-colum until 2099-01-01 because unused\nSELECT 1;`
  const { findings, verdict } = await check(sql)
  expect(verdict).toBe('unknown')
  expect(findings[0]?.message).toContain('"drop-colum" is no rule')
})

test.each([
  ['-- changeover: ignore drop-column because unused', 'until'],
  ['-- changeover: ignore drop-column until 2099-01-01', 'because'],
  ['-- changeover: phase forward', 'no phase'],
])('%s is refused, and what is missing is named', async (directive, missing) => {
  const { findings, verdict } = await check(`${directive}\nSELECT 1;`)
  expect(verdict).toBe('unknown')
  expect(findings[0]).toMatchObject({ rule: 'directive-invalid', line: 1 })
  expect(findings[0]?.message).toContain(missing)
})
