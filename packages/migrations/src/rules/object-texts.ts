import { ACCESS_TEXTS } from './access-texts.ts'
import { DEFINITION_TEXTS } from './definition-texts.ts'
import { INDEX_TEXTS } from './index-texts.ts'
import { OPERATION_TEXTS } from './operation-texts.ts'
import { REMOVAL_TEXTS } from './removal-texts.ts'
import type { RuleTexts } from './rule.ts'

/** Rules about everything but tables and their columns. */
export const OBJECT_TEXTS: RuleTexts = {
  ...INDEX_TEXTS,
  ...REMOVAL_TEXTS,
  ...DEFINITION_TEXTS,
  ...OPERATION_TEXTS,
  ...ACCESS_TEXTS,
}
