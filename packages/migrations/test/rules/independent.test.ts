import { readFileSync } from 'node:fs'
import { checkMigrations } from '@changeover/migrations'
import type { TransactionMode } from '@changeover/migrations'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { INDEPENDENT_CASES } from '../cases/independent-lists.ts'
import type { IndependentCase } from '../cases/independent-case.ts'

/** Rows say nothing to those who only read. */
const BASELINE = readFileSync(
  new URL('../cases/baseline.pg.sql', import.meta.url),
  'utf8',
).replaceAll(/^(insert|refresh|analyze).*$/gm, '')

async function refuses(one: IndependentCase, transactions: TransactionMode): Promise<boolean> {
  const { verdict } = await checkMigrations({
    transactions,
    schema: `${BASELINE}\n${one.setup ?? ''}`,
    serverVersion: one.version ?? 15,
    migrations: [one.sql],
  })
  return verdict !== 'safe'
}

/** Cases that are judged otherwise than expected, as `id: what it is not`. */
async function misjudged(
  cases: readonly IndependentCase[],
  transactions: TransactionMode,
): Promise<string[]> {
  const wrong: string[] = []
  for (const one of cases) {
    const verdict = (transactions === 'each' && one.each) || one.verdict
    if ((await refuses(one, transactions)) !== (verdict !== 'safe'))
      wrong.push(`${one.id}: ${verdict}`)
  }
  return wrong
}

/** What only the schema tells: the kind of a relation, what is there already, what is unique. */
const TOLD_BY_SCHEMA = new Set([
  'column-of-parent-only',
  'column-of-partition',
  'domain-of-constrained-domain',
  'drop-index-partitioned-concurrently',
  'drop-not-null-of-key',
  'drop-unique-concurrently',
  'empty-path',
  'foreign-partitioned',
  'foreign-to-nothing-unique',
  'function-retyped',
  'index-name-taken',
  'index-on-missing-column',
  'index-on-missing-table',
  'index-partitioned-concurrently',
  'missing-table',
  'not-null-domain',
  'only-parent-concurrently',
  'publication-without-key',
  'quoted-missing-table',
  'rename-with-poorer-view',
  'same-name-twice',
  'schema-not-in-path',
  'table-taken',
  'type-taken',
  'unique-of-partial',
  'view-poorer',
  'view-retyped',
  'view-with-aliases',
])

const WORDS =
  `ALTER TABLE users orders ADD DROP COLUMN CONSTRAINT IF EXISTS NOT NULL DEFAULT 1 random() CREATE UNIQUE INDEX CONCURRENTLY ON
  ( ) ( ) , ; ; ; . * = 'x' "Q" $$ $a$ ' " -- /* */ BEGIN COMMIT ROLLBACK SAVEPOINT s DO LANGUAGE plpgsql END SELECT FROM WHERE id
  UPDATE SET DELETE INSERT INTO VALUES WITH AS RETURNING LIMIT VIEW MATERIALIZED REFRESH TYPE text int RENAME TO SCHEMA billing
  PARTITION OF FOR ATTACH CHECK VALID VALIDATE FOREIGN KEY REFERENCES USING btree EXECUTE EXPLAIN ANALYZE COPY STDIN \\. \\i :v ? $1
  VACUUM FULL TRUNCATE LOCK GRANT REVOKE FUNCTION f RETURNS void COMMENT IS U&"x" E'\\' \uFEFF \0 é 🙂 \ud800`.split(
    /\s+/,
  )

const salad = fc.array(fc.constantFrom(...WORDS), { maxLength: 40 }).map((words) => words.join(' '))

const torn = fc
  .tuple(fc.constantFrom(...INDEPENDENT_CASES), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([{ sql }, share]) => sql.slice(0, Math.floor(sql.length * share)))

async function answers(sql: string, schema?: string): Promise<void> {
  const { verdict } = await checkMigrations({
    migrations: [sql],
    ...(schema === undefined ? {} : { schema }),
  })
  expect(['safe', 'unsafe', 'unknown']).toContain(verdict)
}

describe('cases that the rules were not written for', () => {
  test('have names of their own', () => {
    expect(new Set(INDEPENDENT_CASES.map(({ id }) => id)).size).toBe(INDEPENDENT_CASES.length)
  })

  test('are judged as the server judges them', async () => {
    expect(await misjudged(INDEPENDENT_CASES, 'none')).toEqual([])
  }, 60_000)

  test('are judged with the transaction of the runner around them', async () => {
    const several = INDEPENDENT_CASES.filter((one) => one.each || one.sql.includes(';'))
    expect(await misjudged(several, 'each')).toEqual([])
  }, 60_000)

  test('stay refused without a schema, unless it takes one to see why', async () => {
    const passed: string[] = []
    for (const { id, sql, verdict, version = 15 } of INDEPENDENT_CASES) {
      const report = await checkMigrations({
        transactions: 'none',
        serverVersion: version,
        migrations: [sql],
      })
      if (verdict !== 'safe' && report.verdict === 'safe') passed.push(id)
    }
    expect(passed.filter((id) => !TOLD_BY_SCHEMA.has(id))).toEqual([])
  }, 60_000)
})

describe('anything that is written', () => {
  test('gets an answer where its words make no sense', async () => {
    await fc.assert(
      fc.asyncProperty(salad, (sql) => answers(sql)),
      { numRuns: 400 },
    )
  }, 60_000)

  test('gets an answer where it was cut off', async () => {
    await fc.assert(
      fc.asyncProperty(torn, (sql) => answers(sql)),
      { numRuns: 200 },
    )
    await fc.assert(
      fc.asyncProperty(torn, (sql) => answers(sql, BASELINE)),
      { numRuns: 40 },
    )
  }, 60_000)
})
