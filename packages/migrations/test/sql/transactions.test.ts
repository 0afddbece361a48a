import type { Migration, TransactionMode } from '@changeover/migrations'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'
import { migration, read } from './reading.ts'

beforeAll(loadParser)

/** The numbers of a plan; the same letter for the same transaction, `-` for none. */
function letters(files: readonly (string | Migration)[], mode: TransactionMode): string[] {
  const known: number[] = []
  const letter = (number: number | undefined): string => {
    if (number === undefined) return '-'
    if (!known.includes(number)) known.push(number)
    return String.fromCodePoint(65 + known.indexOf(number))
  }
  const plan = files.map((file) => (typeof file === 'string' ? migration(file) : file))
  return readScripts(plan, mode).map(({ statements }) =>
    statements.map(({ transaction }) => letter(transaction)).join(''),
  )
}

const ALONE = 'CREATE INDEX CONCURRENTLY i ON a (b)'

describe('what the runner puts into a transaction', () => {
  it('is each migration by itself', () => {
    expect(letters(['SELECT 1; SELECT 2', 'SELECT 3'], 'each')).toEqual(['AA', 'B'])
  })

  it('is no migration of one statement that the server refuses inside', () => {
    expect(letters([ALONE, `${ALONE}; SELECT 1`, `SELECT 1`], 'each')).toEqual(['-', 'AA', 'B'])
    expect(letters([`${ALONE}; SELECT x y z`], 'each')).toEqual(['A'])
  })

  it('is all of them at once', () => {
    expect(letters(['SELECT 1; SELECT 2', ALONE, 'SELECT 3'], 'all')).toEqual(['AA', 'A', 'A'])
  })

  it('is nothing at all', () => {
    expect(letters(['SELECT 1; SELECT 2', 'SELECT 3'], 'none')).toEqual(['--', '-'])
  })

  it('is what the file says, where it says anything', () => {
    const own = migration('SELECT 1; SELECT 2', { transaction: 'own' })
    const none = migration('SELECT 1; SELECT 2', { transaction: 'none' })
    expect(letters([own, none, 'SELECT 1; SELECT 2'], 'none')).toEqual(['AA', '--', '--'])
    expect(letters([own, none], 'each')).toEqual(['AA', '--'])
    expect(letters(['SELECT 1', own, 'SELECT 2', none, 'SELECT 3'], 'all')).toEqual([
      'A',
      'BB',
      'C',
      '--',
      'D',
    ])
  })
})

describe('what a file says about transactions', () => {
  it('groups its statements', () => {
    const sql =
      'SELECT 0; BEGIN; SELECT 1; COMMIT; SELECT 2; START TRANSACTION; SELECT 3; END; SELECT 4'
    expect(letters([sql], 'none')).toEqual(['-AAA-BBB-'])
  })

  it('does not open another one inside that of the runner, but ends it', () => {
    const sql = 'BEGIN; SELECT 1; COMMIT; SELECT 2; BEGIN; SELECT 3; COMMIT'
    expect(letters([sql, 'SELECT 4'], 'each')).toEqual(['AAA-BBB', 'C'])
    expect(letters(['SELECT 0', sql, 'SELECT 4'], 'all')).toEqual(['A', 'AAA-BBB', '-'])
  })

  it('goes on in a new one after AND CHAIN', () => {
    expect(
      letters(['BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; ROLLBACK; SELECT 3'], 'none'),
    ).toEqual(['AAABB-'])
  })

  it('numbers no two transactions of a plan alike', () => {
    const parts = fc.constantFrom(
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'SELECT 1',
      'SAVEPOINT a',
      'ROLLBACK TO a',
      'RELEASE a',
    )
    const plans = fc.array(fc.array(parts, { minLength: 1, maxLength: 8 }), { maxLength: 4 })
    fc.assert(
      fc.property(plans, fc.constantFrom<TransactionMode>('each', 'all', 'none'), (plan, mode) => {
        const scripts = readScripts(
          plan.map((file) => migration(file.join(';'))),
          mode,
        )
        const numbers = scripts.flatMap(({ statements }) =>
          statements.map(({ transaction }) => transaction ?? 0),
        )
        const inUse = numbers.filter((number) => number > 0)
        expect(inUse).toEqual(inUse.toSorted((one, other) => one - other))
      }),
      { numRuns: 200 },
    )
  })
})

/** The statements that a ROLLBACK undoes. */
function undone(sql: string, mode: TransactionMode = 'none'): string[] {
  return read(sql, mode)
    .statements.filter(({ rolledBack }) => rolledBack)
    .map((statement) => statement.sql)
}

describe('what is rolled back', () => {
  it('is what its transaction did', () => {
    expect(
      undone('SELECT 0; BEGIN; SELECT 1; ROLLBACK; SELECT 2; BEGIN; SELECT 3; COMMIT'),
    ).toEqual(['SELECT 1'])
    expect(undone('SELECT 0; SELECT 1; ROLLBACK; SELECT 2')).toEqual([])
  })

  it('is what went before in the transaction of the runner, in earlier files too', () => {
    expect(undone('SELECT 0; BEGIN; SELECT 1; ROLLBACK; SELECT 2', 'each')).toEqual([
      'SELECT 0',
      'SELECT 1',
    ])
    const [first] = readScripts([migration('SELECT 0'), migration('ROLLBACK')], 'all')
    expect(first?.statements[0]?.rolledBack).toBe(true)
  })

  it('is what came after a savepoint', () => {
    const sql =
      'BEGIN; SELECT 1; SAVEPOINT a; SELECT 2; SAVEPOINT b; SELECT 3; ROLLBACK TO a; SELECT 4; COMMIT'
    expect(undone(sql)).toEqual(['SELECT 2', 'SELECT 3'])
  })

  it('is counted from the latest savepoint of that name that was not released', () => {
    expect(
      undone(
        'BEGIN; SAVEPOINT a; SELECT 1; SAVEPOINT a; SELECT 2; RELEASE a; SELECT 3; ROLLBACK TO a; COMMIT',
      ),
    ).toEqual(['SELECT 1', 'SELECT 2', 'SELECT 3'])
    expect(
      undone('BEGIN; SELECT 1; SAVEPOINT a; RELEASE a; SELECT 2; ROLLBACK TO a; COMMIT'),
    ).toEqual([])
  })

  it('includes what a DO block does', () => {
    const { statements } = read('BEGIN; DO $$ BEGIN DROP TABLE a; END $$; ROLLBACK')
    expect(statements[1]?.inner[0]?.rolledBack).toBe(true)
  })
})

describe('a BEGIN without an end', () => {
  it('is named, with who ends it', () => {
    const open = 'SELECT 1; BEGIN; SELECT 2'
    expect(read(open).unclosed).toMatchObject({ runnerCommits: false, begin: { index: 1 } })
    expect(read(open, 'each').unclosed).toMatchObject({ runnerCommits: true, begin: { index: 1 } })
  })

  it('is none where COMMIT or ROLLBACK follows', () => {
    expect(read('BEGIN; SELECT 2; COMMIT').unclosed).toBeUndefined()
    expect(read('BEGIN; SELECT 2; ABORT', 'each').unclosed).toBeUndefined()
    expect(read('BEGIN; SELECT 2; COMMIT; BEGIN').unclosed).toMatchObject({ begin: { index: 3 } })
  })
})
