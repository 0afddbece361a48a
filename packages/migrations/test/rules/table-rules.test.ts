import { beforeAll, describe, expect, test } from 'vitest'
import { createCatalog } from '../../src/catalog/create-catalog.ts'
import { TABLE_TEXTS } from '../../src/rules/table-texts.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { TABLE_CASES } from '../cases/table-cases.ts'
import { judgeOn } from './judge-case.ts'
import { judgedOnce, testCases } from './test-cases.ts'

beforeAll(loadParser)

/** Rules that only come about where the schema, or the server, says too little. */
const WITHOUT_SCHEMA: ReadonlySet<string> = new Set([
  'add-column-default-before-11',
  'add-column-unknown-default',
  'change-type-unknown',
  'drop-constraint-unknown',
  'attach-partition-unknown',
  'create-partition-unknown',
  'set-foreign-options',
  'move-all-tables',
])

describe('rules about tables', () => {
  testCases(
    TABLE_CASES,
    Object.keys(TABLE_TEXTS).filter((rule) => !WITHOUT_SCHEMA.has(rule)),
  )

  test('give every statement at least one effect, with locks on what was there before', () => {
    const odd = TABLE_CASES.flatMap((one) =>
      judgedOnce(one).statements.filter(
        ({ effects }) =>
          effects.length === 0 ||
          effects.some(({ locks = [] }) =>
            locks.some(({ relation }) => relation.endsWith('.fresh')),
          ),
      ),
    )
    expect(odd).toEqual([])
  })
})

describe('rules about tables without a schema', () => {
  const judge = (sql: string, version = 15) => {
    const catalog = createCatalog({ complete: false })
    catalog.seal()
    const { verdict, classes, rules } = judgeOn(catalog, sql, version)
    return [verdict, classes.join(), rules.join()]
  }

  test.each([
    ['ALTER TABLE t ADD COLUMN a int', 'safe', '', 'add-column'],
    ['ALTER TABLE t ADD COLUMN a int DEFAULT f()', 'unknown', 'lock', 'add-column-unknown-default'],
    [
      'ALTER TABLE t ADD COLUMN a uuid DEFAULT gen_random_uuid()',
      'unsafe',
      'lock',
      'add-column-volatile-default',
    ],
    ['ALTER TABLE t DROP COLUMN a', 'unsafe', 'compat', 'drop-column'],
    ['ALTER TABLE t RENAME COLUMN a TO b', 'unsafe', 'compat', 'rename-column'],
    ['ALTER TABLE t ALTER COLUMN a TYPE text', 'unknown', 'compat,lock', 'change-type-unknown'],
    ['ALTER TABLE t ALTER COLUMN a DROP DEFAULT', 'unknown', 'compat', 'drop-default-required'],
    ['ALTER TABLE t ALTER COLUMN a SET NOT NULL', 'unsafe', 'lock', 'set-not-null'],
    ['ALTER TABLE t DROP CONSTRAINT c', 'unknown', 'compat', 'drop-constraint-unknown'],
    ['ALTER TABLE t VALIDATE CONSTRAINT c', 'safe', '', 'validate-constraint'],
    [
      'ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY USING INDEX i',
      'unknown',
      'lock',
      'add-primary-key-nullable',
    ],
    [
      'ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)',
      'unknown',
      'lock',
      'attach-partition-unknown',
    ],
    [
      'CREATE TABLE p PARTITION OF t FOR VALUES IN (1)',
      'unknown',
      'lock',
      'create-partition-unknown',
    ],
    ['ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b', 'unknown', 'lock', 'move-all-tables'],
    ["ALTER FOREIGN TABLE t OPTIONS (SET name 'x')", 'safe', '', 'set-foreign-options'],
    [
      'CREATE TABLE t (a int); ALTER TABLE t ALTER COLUMN a SET NOT NULL',
      'safe',
      '',
      'create-table,alter-new-table',
    ],
    [
      'ALTER TABLE t ADD CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_a_check; ALTER TABLE t ALTER COLUMN a SET NOT NULL',
      'safe',
      '',
      'add-check-not-valid,validate-constraint,set-not-null-with-check',
    ],
  ])('judge %s', (sql, ...expected) => {
    expect(judge(sql)).toEqual(expected)
  })

  test('know what a server could not do yet', () => {
    expect(judge('ALTER TABLE t ADD COLUMN a int DEFAULT 1', 10)).toEqual([
      'unsafe',
      'lock',
      'add-column-default-before-11',
    ])
    expect(
      judge(
        'ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL); ALTER TABLE t ALTER COLUMN a SET NOT NULL',
        11,
      ),
    ).toEqual(['unsafe', 'lock', 'add-check-valid,set-not-null'])
    expect(judge('ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID', 17)).toEqual([
      'unsafe',
      'compat',
      'server-refuses',
    ])
  })
})
