import { beforeAll, describe } from 'vitest'
import { OBJECT_TEXTS } from '../../src/rules/object-texts.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { OBJECT_CASES } from '../cases/object-cases.ts'
import { testCases } from './test-cases.ts'

beforeAll(loadParser)

/** What no case of a single database can show: a tablespace is a directory of the server. */
const NEEDS_MORE: ReadonlySet<string> = new Set(['drop-tablespace'])

describe('rules about objects and transactions', () => {
  testCases(
    OBJECT_CASES,
    Object.keys(OBJECT_TEXTS).filter((rule) => !NEEDS_MORE.has(rule)),
  )
})
