import { beforeAll, describe, expect, test } from 'vitest'
import { OBJECT_TEXTS } from '../../src/rules/object-texts.ts'
import { RULES } from '../../src/rules/registry.ts'
import { loadParser } from '../../src/sql/read-scripts.ts'
import { OBJECT_CASES } from '../cases/object-cases.ts'
import type { Case } from '../cases/case.ts'
import { judgeCase } from './judge-case.ts'
import type { Judgement } from './judge-case.ts'

const judgements = new Map<string, Judgement>()

/** Each case is judged once. */
function judged(one: Case): Judgement {
  const known = judgements.get(one.id) ?? judgeCase(one, one.from ?? 15)
  judgements.set(one.id, known)
  return known
}

beforeAll(loadParser)

describe('rules about objects and transactions', () => {
  test.each(OBJECT_CASES.map((one) => [one.id, one] as const))('judge %s', (_, one) => {
    const { verdict, classes, rules } = judged(one)
    expect({ verdict, classes, rules }).toEqual({
      verdict: one.verdict,
      classes: [...one.classes],
      rules: expect.arrayContaining([one.rule]),
    })
  })

  test('have cases of their own, each with a name of its own', () => {
    const covered = new Set(OBJECT_CASES.map(({ rule }) => rule))
    expect(
      Object.keys(OBJECT_TEXTS).filter((rule) => !covered.has(rule) && !NEEDS_MORE.has(rule)),
    ).toEqual([])
    expect(new Set(OBJECT_CASES.map(({ id }) => id)).size).toBe(OBJECT_CASES.length)
  })

  test('say what to do with the names of the case filled in', () => {
    const left = OBJECT_CASES.flatMap((one) =>
      judged(one).effects.flatMap(({ rule, names }) => {
        const { message, why, fix } = RULES[rule] ?? {
          message: `{no text for ${rule}}`,
          why: '',
          fix: '',
        }
        const places = [...`${message}${why}${fix}`.matchAll(/\{(.+?)\}/g)].map(
          ([, name = '']) => name,
        )
        return places
          .filter((name) => names[name] === undefined)
          .map((name) => `${one.id}: ${rule} {${name}}`)
      }),
    )
    expect(left).toEqual([])
  })
})

/** What no case of a single database can show: a tablespace is a directory of the server. */
const NEEDS_MORE: ReadonlySet<string> = new Set(['drop-tablespace'])
