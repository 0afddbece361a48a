import { RULES } from '@changeover/migrations'
import { expect, test } from 'vitest'
import { CHECK_TEXTS } from '../../src/rules/check-texts.ts'
import { MYSQL_TEXTS } from '../../src/rules/mysql-texts.ts'
import { OBJECT_TEXTS } from '../../src/rules/object-texts.ts'
import { READING_TEXTS } from '../../src/rules/reading-texts.ts'
import { SQLITE_TEXTS } from '../../src/rules/sqlite-texts.ts'
import { TABLE_TEXTS } from '../../src/rules/table-texts.ts'
import { COLUMN_CASES } from '../cases/column-cases.ts'
import { OBJECT_CASES } from '../cases/object-cases.ts'
import { TABLE_CASES } from '../cases/table-cases.ts'
import { TYPE_CASES } from '../cases/type-cases.ts'
import { MYSQL_CASES } from '../mysql/mysql-cases.ts'
import { LITE_CASES } from '../sqlite/lite-cases.ts'
import { renderRules } from './render-rules.ts'
import type { RuleCase, RuleGroup } from './render-rules.ts'

const cases = [...COLUMN_CASES, ...TABLE_CASES, ...TYPE_CASES, ...OBJECT_CASES]

const GROUPS: readonly RuleGroup[] = [
  { title: 'Files and checks', texts: { ...READING_TEXTS, ...CHECK_TEXTS }, cases },
  { title: 'Tables, columns, constraints and partitions', texts: TABLE_TEXTS, cases },
  { title: 'Everything else', texts: OBJECT_TEXTS, cases },
  { title: 'MySQL and MariaDB', texts: MYSQL_TEXTS, cases: MYSQL_CASES.flatMap(withRule) },
  { title: 'SQLite', texts: SQLITE_TEXTS, cases: LITE_CASES.flatMap(withRule) },
]

test('The documentation of the rules is what the rules say (vitest --update writes it)', async () => {
  await expect(renderRules(GROUPS)).toMatchFileSnapshot('../../../../docs/migration-rules.md')
})

test('The documentation has every rule, and each in one place', () => {
  const documented = GROUPS.flatMap(({ texts }) => Object.keys(texts))
  expect(documented.toSorted()).toEqual(Object.keys(RULES).toSorted())
})

test('Every text of a rule says something, and no more than that', () => {
  const odd = Object.entries(RULES).filter(([, { title, message, why, fix }]) =>
    [title, message, why, fix].some((text) => text === '' || text.trim() !== text),
  )
  expect(odd.map(([id]) => id)).toEqual([])
})

test('The title of a rule has nothing to fill in', () => {
  const odd = Object.entries(RULES).filter(([, { title }]) => /[{}]/.test(title))
  expect(odd.map(([id]) => id)).toEqual([])
})

function withRule(one: Omit<RuleCase, 'rule'> & { readonly rule?: string }): RuleCase[] {
  return one.rule === undefined ? [] : [{ ...one, rule: one.rule }]
}
