import type { RuleTexts } from './rule.ts'
import { CHECK_TEXTS } from './check-texts.ts'
import { MYSQL_TEXTS } from './mysql-texts.ts'
import { OBJECT_TEXTS } from './object-texts.ts'
import { READING_TEXTS } from './reading-texts.ts'
import { SQLITE_TEXTS } from './sqlite-texts.ts'
import { TABLE_TEXTS } from './table-texts.ts'

/** The texts of every rule. */
export const RULES: RuleTexts = {
  ...CHECK_TEXTS,
  ...READING_TEXTS,
  ...OBJECT_TEXTS,
  ...TABLE_TEXTS,
  ...MYSQL_TEXTS,
  ...SQLITE_TEXTS,
}
