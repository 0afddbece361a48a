import { defineBackfill } from '@changeover/migrations'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { guardSettings } from '../../src/guard/guard-options.ts'
import { pendingOf, remainderOf } from '../../src/guard/pending.ts'
import { lowestOf, releaseOrder } from '../../src/guard/release-order.ts'
import { nextPause } from '../../src/guard/retry.ts'
import { selectPhase } from '../../src/guard/select-phase.ts'
import { kindOf } from '../../src/guard/step-kind.ts'
import { checksumOf, stepsOf } from '../../src/guard/steps.ts'
import type { SteppedMigration } from '../../src/guard/steps.ts'
import { touchedBy } from '../../src/guard/touched.ts'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'

beforeAll(() => loadParser())

function stepped(sql: string, transaction?: 'own' | 'none'): SteppedMigration {
  const migration = { id: 'm', file: 'm.sql', sql, ...(transaction ? { transaction } : {}) }
  const [script] = readScripts([migration], 'each')
  return stepsOf(migration, script!)
}

const row = (step: number, state: 'planned' | 'running' | 'done' | 'failed', sql: string) => ({
  migration: 'm',
  step,
  checksum: checksumOf({ sql }),
  phase: 'expand' as const,
  state,
})

describe('Tries', () => {
  test('are bounded in number and in time, and never pause longer than they may', () => {
    const policy = { attempts: 10, deadlineMs: 5_000, pauseMs: 100, longestPauseMs: 1_000 }
    const tries = fc.record({
      attempt: fc.integer({ min: 1, max: 20 }),
      elapsedMs: fc.integer({ min: 0, max: 10_000 }),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    })
    fc.assert(
      fc.property(tries, (tried) => {
        const pauseMs = nextPause(policy, tried)
        if (pauseMs === undefined) return
        expect(tried.attempt).toBeLessThan(policy.attempts)
        expect(pauseMs).toBeLessThanOrEqual(policy.longestPauseMs)
        expect(pauseMs).toBeGreaterThanOrEqual(policy.pauseMs / 2)
        expect(tried.elapsedMs + pauseMs).toBeLessThanOrEqual(policy.deadlineMs)
      }),
    )
    expect(nextPause(policy, { attempt: 1, elapsedMs: 0, random: 0 })).toBe(50)
    expect(nextPause(policy, { attempt: 10, elapsedMs: 0, random: 0 })).toBeUndefined()
  })
})

describe('Releases', () => {
  const versions = fc.tuple(fc.nat(30), fc.nat(30), fc.nat(30)).map((parts) => parts.join('.'))

  test('are ordered by their versions, the other way round too', () => {
    const order = releaseOrder()
    fc.assert(
      fc.property(versions, versions, (one, other) => {
        expect(Math.sign(order(one, other)!) + Math.sign(order(other, one)!)).toBe(0)
      }),
    )
    expect(['v2.10.0', '2.9.1', '2.9.1-rc.1'].sort((one, other) => order(one, other)!)).toEqual([
      '2.9.1-rc.1',
      '2.9.1',
      'v2.10.0',
    ])
  })

  test('that are no versions are ordered by the list alone', () => {
    expect(lowestOf(['b', 'a'], releaseOrder(['a', 'b']))).toBe('a')
    expect(lowestOf(['b', 'a'], releaseOrder())).toBeUndefined()
    expect(releaseOrder(['a'])('a', 'x')).toBeUndefined()
  })
})

describe('Steps', () => {
  test.each([
    ['ALTER TABLE t ADD COLUMN c int', 'lock'],
    ['ALTER TABLE t VALIDATE CONSTRAINT c', 'validate'],
    ['ALTER TABLE t VALIDATE CONSTRAINT c, ADD COLUMN d int', 'lock'],
    ['CREATE INDEX CONCURRENTLY i ON t (c)', 'concurrent'],
    ['UPDATE t SET c = 1 WHERE id = 1', 'data'],
    [`DO $$ BEGIN ALTER TABLE t ADD COLUMN c int; END $$`, 'lock'],
    [`DO $$ BEGIN EXECUTE 'x'; END $$`, 'lock'],
  ])('wait as their kind may: %s', (sql, kind) => {
    expect(stepped(sql).script.statements.map(kindOf)).toEqual([kind])
  })

  test('are the transactions of a migration, and each statement by itself outside of them', () => {
    const count = (sql: string, transaction?: 'none'): number =>
      stepped(sql, transaction).steps.length
    expect(count('SELECT 1; SELECT 2')).toBe(1)
    expect(count('SELECT 1; SELECT 2', 'none')).toBe(2)
    expect(
      count(
        'BEGIN; SELECT 1; SELECT 2; COMMIT; CREATE INDEX CONCURRENTLY i ON t (c); SELECT 3',
        'none',
      ),
    ).toBe(3)
  })

  test('that are done are taken out of what is judged, with what was accepted for them; lines stay', () => {
    const sql = [
      'SELECT 1;',
      '-- changeover: ignore some-rule until 2.0.0 because it may',
      'SELECT 2;',
      'SELECT 3;',
    ].join('\n')
    const [pending] = pendingOf(
      [stepped(sql, 'none')],
      [row(0, 'done', sql), row(1, 'done', sql), row(2, 'running', sql)],
    )
    const left = remainderOf(pending!)
    const [script] = readScripts([left], 'each')
    expect(script!.statements.map((one) => [one.sql, one.place.line])).toEqual([['SELECT 3', 4]])
    expect(script!.directives).toEqual([])
  })

  test('that set variables come again whenever anything comes after them', () => {
    const sql = 'SET search_path = app; SELECT 1; SELECT 2'
    const journal = [row(0, 'done', sql), row(1, 'done', sql), row(2, 'planned', sql)]
    expect(pendingOf([stepped(sql, 'none')], journal)[0]!.steps.map(({ index }) => index)).toEqual([
      0, 2,
    ])
    expect(
      pendingOf([stepped(sql, 'none')], [...journal.slice(0, 2), row(2, 'done', sql)]),
    ).toEqual([])
  })

  test('do not depend on how lines end', () => {
    expect(checksumOf({ sql: 'a\r\nb' })).toBe(checksumOf({ sql: 'a\nb' }))
  })
})

describe('An order of phases', () => {
  const phased = (id: string, sql: string, phase: 'expand' | 'contract') => {
    const one = stepped(sql)
    return {
      phase,
      pending: {
        stepped: { ...one, migration: { ...one.migration, id } },
        steps: one.steps,
        begun: new Set<number>(),
        seen: new Set<number>(),
        phase: undefined,
      },
    }
  }

  test.each([
    ['ALTER TABLE a DROP COLUMN x', 'ALTER TABLE a ADD COLUMN y int'],
    ['DROP TABLE app.a', 'CREATE TABLE a (id int)'],
    ['DROP TYPE mood', `CREATE TABLE b (m mood)`],
    ['DROP FUNCTION f(int)', 'CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$'],
    [`DO $$ BEGIN EXECUTE 'x'; END $$`, 'CREATE TABLE z (id int)'],
  ])('is refused where %s is pending before %s', (first, second) => {
    const all = [phased('1', first, 'contract'), phased('2', second, 'expand')]
    expect(() => selectPhase(all, 'expand')).toThrow('1, which is pending (contract)')
    expect(selectPhase(all, 'contract')).toHaveLength(1)
  })

  test('may pass over what has nothing to do with it, types and functions of the server included', () => {
    const first = `ALTER TABLE a DROP COLUMN x; UPDATE a SET t = lower(t)::text; CREATE TABLE c (t text DEFAULT lower('C'))`
    const all = [
      phased('1', first, 'contract'),
      phased('2', `CREATE TABLE b (id int, t text DEFAULT lower('B'))`, 'expand'),
    ]
    expect(selectPhase(all, 'expand').map(({ stepped }) => stepped.migration.id)).toEqual(['2'])
  })

  test('goes by every name that is mentioned', () => {
    const { statements } = stepped(
      'INSERT INTO a SELECT * FROM s.b WHERE x IN (SELECT y FROM "C")',
    ).script
    expect([...touchedBy(statements).names].sort()).toEqual(['C', 'a', 'b'])
  })
})

describe('Options', () => {
  test.each([
    [{ database: '' }, /database/],
    [{ lockTimeout: { lock: 'soon' } }, /lockTimeout\.lock is soon/],
    [{ dialect: 'mysql' }, /PostgreSQL only/],
    [{ schemaName: 'My Schema' }, /schemaName/],
    [{ live: 'v1' }, /live/],
    [{ migrations: ['SELECT 1'] }, /migrations/],
    [{ colour: 'red' }, /colour/],
  ])('that are wrong are refused with their name: %o', (wrong, message) => {
    const options = { database: 'postgres://localhost/x', migrations: [], ...wrong }
    expect(() => guardSettings(options as never)).toThrow(message)
  })

  test('of a backfill that would leave rows out are refused', () => {
    const job = { id: 'b', table: 't', key: 'id' }
    expect(() =>
      defineBackfill({ ...job, batch: 'UPDATE t SET a = 1 WHERE id >= $1 AND id < $2' }),
    ).toThrow('key > $1 AND key <= $2')
    expect(() => defineBackfill({ ...job, set: 'a = 1' })).toThrow('where')
    expect(() => defineBackfill(job)).toThrow('either batch, or set and where')
    expect(
      defineBackfill({ ...job, batch: 'UPDATE t SET a = 1 WHERE id > $1 AND id <= $2' }),
    ).toMatchObject({ batchSize: 1_000, pauseMs: 20 })
  })
})
