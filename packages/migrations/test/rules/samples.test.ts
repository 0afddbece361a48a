import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FindingClass, Verdict } from '../../src/finding.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { judgeCase } from './judge-case.ts'

interface Sample {
  readonly id: string
  readonly dialect: string
  readonly sql: string
  readonly setup?: string
  readonly context?: {
    readonly n1Queries?: readonly string[]
    readonly liveVersionsUsing?: readonly string[]
  }
  readonly expect: {
    readonly verdict: Verdict
    readonly classes: readonly FindingClass[]
    readonly rule: string
    readonly conditional?: readonly string[]
  }
}

/** Those that SQL alone decides; queries of releases are for contracts and oracles. */
const SAMPLES: readonly Sample[] = readFileSync(
  new URL('../cases/samples.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Sample)
  .filter(({ dialect, context }) => dialect === 'postgres' && context === undefined)

/** What another layer decides, or two words for the same: `lexical` and the like say why a case is there. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'lexical',
  'short-transaction',
  'grant',
  'create-function',
  'vacuum',
])

beforeAll(loadParser)

describe('samples', () => {
  test.each(SAMPLES.map((sample) => [sample.id, sample] as const))(
    'judge %s',
    (_, { sql, setup, expect: wanted }) => {
      const judged = judgeCase(setup === undefined ? { sql } : { sql, setup })
      expect(judged.verdict === 'safe' ? 'safe' : 'refused').toBe(
        wanted.verdict === 'safe' ? 'safe' : 'refused',
      )
      expect(judged.classes).toEqual(expect.arrayContaining([...wanted.classes]))
      const told = judged.rules.includes(wanted.rule) || ELSEWHERE.has(wanted.rule)
      expect({ told, rules: judged.rules }).toEqual({ told: true, rules: judged.rules })
    },
  )
})
