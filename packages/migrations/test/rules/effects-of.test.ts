import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createCatalog } from '../../src/catalog/create-catalog.ts'
import { effectsOf, knowsKind } from '../../src/rules/effects-of.ts'
import { RULES } from '../../src/rules/registry.ts'
import { transactionEffects } from '../../src/rules/transaction-rules.ts'
import type { JudgedStatement } from '../../src/rules/judged-statement.ts'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'
import { OBJECT_CASES } from '../cases/object-cases.ts'
import { TABLE_CASES } from '../cases/table-cases.ts'
import { judgeCase } from './judge-case.ts'

beforeAll(loadParser)

describe('effectsOf', () => {
  test('knows every statement of the grammar', () => {
    expect(kindsOfGrammar().filter((kind) => !knowsKind(kind) && !PARTS.has(kind))).toEqual([])
  })

  test('takes a statement that no rule knows for unknown', () => {
    const [statement] = read('SELECT 1')
    const odd = { ...statement!, kind: 'TomorrowStmt' }
    const [effect] = effectsOf(odd, createCatalog({ complete: false }), { version: 15 })
    expect(effect).toMatchObject({ rule: 'unrecognised-statement', verdict: 'unknown' })
  })

  test('says where a statement inside of a DO block is', () => {
    const { effects } = judgeCase({ sql: 'DO $$\nBEGIN\n  DROP TABLE old_stuff;\nEND $$' })
    expect(effects.find(({ rule }) => rule === 'drop-table')?.place).toEqual({ line: 3, column: 3 })
  })

  test('names what queries lose', () => {
    const removed = (sql: string) =>
      judgeCase({ sql }).effects.flatMap(({ removes = [] }) => removes)
    expect(removed('DROP INDEX CONCURRENTLY users_email_key')).toEqual([
      { kind: 'unique', object: 'public.users', member: 'email' },
    ])
    expect(removed("ALTER TYPE order_state RENAME VALUE 'new' TO 'fresh'")).toEqual([
      { kind: 'label', object: 'public.order_state', member: 'new' },
    ])
    expect(removed('DROP SEQUENCE ticket_seq')).toEqual([
      { kind: 'sequence', object: 'public.ticket_seq' },
    ])
    expect(removed('DROP TABLE old_stuff CASCADE').map(({ member }) => member)).toEqual([
      undefined,
      'id',
      'v',
    ])
  })

  test('keeps in mind what a view no longer offers once it is created again', () => {
    const sql =
      'BEGIN; DROP VIEW active_users; CREATE VIEW active_users AS SELECT id FROM users; COMMIT'
    const effect = judgeCase({ sql }).effects.find(({ rule }) => rule === 'recreate-view')
    expect(effect?.removes?.map(({ member }) => member)).toEqual(['email', 'name'])
    expect(effect?.names['missing']).toBe('email, name')
  })
})

describe('transactionEffects', () => {
  const sql =
    "BEGIN; CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'b'; SELECT 'b'::mood; COMMIT"

  test.each([
    [15, true],
    [17, false],
  ])(
    'knows that a label of a type of the same transaction is refused on %i: %s',
    (version, isRefused) => {
      expect(judgeCase({ sql }, version).rules.includes('enum-use-in-same-transaction')).toBe(
        isRefused,
      )
    },
  )
})

describe('statements in any order', () => {
  const texts = [...OBJECT_CASES, ...TABLE_CASES].map(({ sql }) => sql)
  const plan = fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 6 })

  test.each([true, false])(
    'have effects that each have a text, on a catalog that is complete: %s',
    (complete) => {
      fc.assert(
        fc.property(plan, fc.constantFrom('all', 'none'), (sqls, mode) => {
          const before = judge(sqls.join(';\n'), mode, complete)
          expect(before.every(({ effects }) => effects.length > 0)).toBe(true)
          const unknown = before.flatMap(({ effects }) =>
            effects.filter(({ rule }) => RULES[rule] === undefined),
          )
          expect(unknown).toEqual([])
        }),
        { numRuns: 150 },
      )
    },
  )
})

function judge(sql: string, mode: 'all' | 'none', complete: boolean): readonly JudgedStatement[] {
  const catalog = createCatalog({ complete })
  catalog.seal()
  const judged = read(sql, mode).map((statement) => {
    const effects = effectsOf(statement, catalog, { version: 15 })
    catalog.apply(statement)
    return { statement, effects }
  })
  return transactionEffects(judged, catalog, { version: 15 })
}

function read(sql: string, mode: 'all' | 'none' = 'none') {
  return readScripts([{ id: 'case', file: 'case.sql', sql }], mode)[0]?.statements ?? []
}

/** As the types of the parser list them. */
function kindsOfGrammar(): string[] {
  const parser = createRequire(import.meta.url).resolve('libpg-query')
  const types = createRequire(parser).resolve('@pgsql/types/package.json')
  const text = readFileSync(join(dirname(types), 'types.d.ts'), 'utf8')
  return [...text.matchAll(/^export interface (\w+Stmt) /gm)].map(([, kind = '']) => kind)
}

/** Parts of other statements, which never come alone. */
const PARTS: ReadonlySet<string> = new Set([
  'RawStmt',
  'SetOperationStmt',
  'ReturnStmt',
  'PLAssignStmt',
  'ReplicaIdentityStmt',
])
