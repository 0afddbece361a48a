import { ACCESS_CASES } from './access-cases.ts'
import type { Case } from './case.ts'
import { DEFINITION_CASES } from './definition-cases.ts'
import { INDEX_CASES } from './index-cases.ts'
import { OPERATION_CASES } from './operation-cases.ts'
import { REMOVAL_CASES } from './removal-cases.ts'
import { TRANSACTION_CASES } from './transaction-cases.ts'

/** Cases about everything but tables and their columns. */
export const OBJECT_CASES: readonly Case[] = [
  ...INDEX_CASES,
  ...REMOVAL_CASES,
  ...DEFINITION_CASES,
  ...OPERATION_CASES,
  ...ACCESS_CASES,
  ...TRANSACTION_CASES,
]
