import type { IndependentCase } from './independent-case.ts'
import { INDEPENDENT_COLUMNS } from './independent-columns.ts'
import { INDEPENDENT_FIFTH } from './independent-fifth.ts'
import { INDEPENDENT_FOURTH } from './independent-fourth.ts'
import { INDEPENDENT_OBJECTS } from './independent-objects.ts'
import { INDEPENDENT_RELATIONS } from './independent-relations.ts'
import { INDEPENDENT_SECOND } from './independent-second.ts'
import { INDEPENDENT_SIXTH } from './independent-sixth.ts'
import { INDEPENDENT_STATEMENTS } from './independent-statements.ts'
import { INDEPENDENT_THIRD } from './independent-third.ts'

/** All cases that were written without looking at the rules. */
export const INDEPENDENT_CASES: readonly IndependentCase[] = [
  ...INDEPENDENT_COLUMNS,
  ...INDEPENDENT_OBJECTS,
  ...INDEPENDENT_RELATIONS,
  ...INDEPENDENT_STATEMENTS,
  ...INDEPENDENT_SECOND,
  ...INDEPENDENT_THIRD,
  ...INDEPENDENT_FOURTH,
  ...INDEPENDENT_FIFTH,
  ...INDEPENDENT_SIXTH,
]
