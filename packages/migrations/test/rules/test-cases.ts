import { expect, test } from 'vitest'
import { RULES } from '../../src/rules/registry.ts'
import type { Case } from '../cases/case.ts'
import { judgeCase } from './judge-case.ts'
import type { Judgement } from './judge-case.ts'

const judgements = new Map<Case, Judgement>()

/** What the rules make of a case on the oldest server that it is about. Each is judged once. */
export function judgedOnce(one: Case): Judgement {
  const known = judgements.get(one) ?? judgeCase(one, one.from ?? 15)
  judgements.set(one, known)
  return known
}

/** Tests a group of rules by its cases: each is judged as it says, and each rule has one. */
export function testCases(cases: readonly Case[], rules: readonly string[]): void {
  test.each(cases.map((one) => [one.id, one] as const))('judge %s', (_, one) => {
    const { verdict, classes, rules: told } = judgedOnce(one)
    expect({ verdict, classes, rules: told }).toEqual({
      verdict: one.verdict,
      classes: [...one.classes],
      rules: expect.arrayContaining([one.rule]),
    })
  })

  test('have cases of their own, each with a name of its own', () => {
    const covered = new Set(cases.map(({ rule }) => rule))
    expect(rules.filter((rule) => !covered.has(rule))).toEqual([])
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length)
  })

  test('say what to do with the names of the case filled in', () => {
    expect(cases.flatMap(emptyPlaces)).toEqual([])
  })
}

/** Words that only some statements have. */
const OPTIONAL: ReadonlySet<string> = new Set(['unique'])

/** Places of the texts that the case leaves open. */
function emptyPlaces(one: Case): string[] {
  return judgedOnce(one).effects.flatMap(({ rule, names }) => {
    const missing = { message: `{no text for ${rule}}`, why: '', fix: '' }
    const { message, why, fix } = RULES[rule] ?? missing
    const places = [...`${message}${why}${fix}`.matchAll(/\{(.+?)\}/g)]
    return places
      .map(([, name = '']) => name)
      .filter((name) => names[name] === undefined || (names[name] === '' && !OPTIONAL.has(name)))
      .map((name) => `${one.id}: ${rule} {${name}}`)
  })
}
