import {
  boundRate,
  compareRates,
  compareSamples,
  type Criterion,
  type Samples,
  type Verdict,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { combineVerdicts, openTrial } from '../src/judgement.ts'
import type { Trial } from '../src/trial.ts'
import { poisson, seededRandom } from './randomness.ts'

const counts = (bad: number, total: number): Samples => ({ data: true, bad, total })
const silent: Samples = { data: false, reason: 'the wire is cut' }
const values = (...numbers: number[]): Samples => ({ data: true, values: numbers })

/** The last verdict of a trial that saw these answers, the deadline coming with the last of them. */
function judged(criterion: Criterion, looks: readonly (readonly [Samples, Samples?])[]): Verdict {
  const trial = openTrial('errors', criterion)
  const verdicts = looks.map(([candidate, baseline], i) =>
    trial.look({ candidate, baseline, final: i === looks.length - 1 }),
  )
  return verdicts.at(-1)!
}

const rates = compareRates()
const bound = boundRate({ limit: 0.01 })

describe('what is no data', () => {
  const nothing: [string, Samples][] = [
    ['silence', silent],
    ['NaN', counts(Number.NaN, Number.NaN)],
    ['an endless count', counts(0, Number.POSITIVE_INFINITY)],
    ['a negative count', counts(-1, 100)],
    ['more bad requests than requests', counts(101, 100)],
    ['values instead of counts', values(1, 2, 3)],
  ]

  test.each(nothing)('%s of the candidate is inconclusive and keeps the reason', (_, samples) => {
    for (const criterion of [rates, bound]) {
      const { verdict, evidence, reason } = judged(criterion, [[samples, counts(5, 1_000)]])
      expect({ verdict, evidence }).toStrictEqual({ verdict: 'inconclusive', evidence: 0 })
      expect(reason).toMatch(/no data/)
    }
  })

  test.each(nothing)('%s of the baseline is inconclusive and keeps the reason', (_, samples) => {
    const { verdict, reason } = judged(rates, [[counts(50, 1_000), samples]])
    expect(verdict).toBe('inconclusive')
    expect(reason).toContain('no data of the baseline')
  })

  test.each(nothing.slice(0, 1))('%s at the last look is no pass, whatever was seen before', () => {
    expect(judged(bound, [[counts(0, 1_000)], [silent]]).verdict).toBe('inconclusive')
    expect(
      judged(rates, [
        [counts(0, 1_000), counts(60, 9_000)],
        [silent, silent],
      ]),
    ).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringContaining('the wire is cut'),
    })
  })

  test('a gap costs no evidence: the next look counts what came meanwhile', () => {
    const gap = judged(rates, [
      [counts(3, 100), counts(2, 900)],
      [silent, counts(4, 1_300)],
      [counts(7, 300), counts(5, 1_700)],
    ])
    expect(gap.verdict).toBe('fail')
    expect(gap.evidence).toBe(2_000)
  })
})

describe('counts that fall', () => {
  test('are a new base, never evidence against or for', () => {
    const before: [Samples, Samples] = [counts(40, 4_000), counts(90, 9_000)]
    const fallen = judged(rates, [before, [counts(1, 100), counts(2, 100)]])
    expect(fallen).toMatchObject({ verdict: 'inconclusive', evidence: 13_000 })
    expect(fallen.reason).toContain('counted anew')
    const later = judged(rates, [
      before,
      [counts(1, 100), counts(2, 100)],
      [counts(2, 200), counts(3, 1_000)],
    ])
    expect(later.evidence).toBe(14_000)
  })

  test('by a little are taken for extrapolation', () => {
    const looks: [Samples][] = [[counts(0, 500.4)], [counts(0, 499.9)], [counts(0, 520)]]
    expect(judged(bound, looks)).toMatchObject({ verdict: 'pass', evidence: 520 })
  })

  test('never make evidence negative, whatever comes', () => {
    const count = fc.tuple(fc.nat(300), fc.nat(3_000)).map(([bad, good]) => counts(bad, bad + good))
    fc.assert(
      fc.property(fc.array(fc.tuple(count, count), { minLength: 1, maxLength: 15 }), (looks) => {
        for (const criterion of [rates, bound]) {
          const trial = openTrial('errors', criterion)
          let seen = 0
          for (const [candidate, baseline] of looks) {
            const { evidence } = trial.look({ candidate, baseline, final: false })
            expect(evidence).toBeGreaterThanOrEqual(seen)
            seen = evidence
          }
        }
      }),
    )
  })
})

test('bad requests that are counted ahead of all requests wait for the next look', () => {
  const early = judged(rates, [
    [counts(5, 100), counts(5, 900)],
    [counts(9, 101), counts(5, 900)],
  ])
  expect(early).toMatchObject({ verdict: 'inconclusive', evidence: 1_000 })
})

describe('least evidence', () => {
  test('is wanted of the candidate before any verdict', () => {
    const [bad, good]: [Samples, Samples][] = [
      [counts(50, 400), counts(10, 9_000)],
      [counts(0, 400), counts(200, 9_000)],
    ]
    expect(judged(rates, [bad!]).verdict).toBe('fail')
    expect(judged(rates, [good!]).verdict).toBe('pass')
    for (const looks of [[bad!], [good!]]) {
      expect(judged(compareRates({ minRequests: 500 }), looks)).toMatchObject({
        verdict: 'inconclusive',
        reason: expect.stringContaining('500 requests wanted'),
      })
    }
    expect(
      judged(boundRate({ limit: 0.01, minRequests: 1_001 }), [[counts(0, 1_000)]]).verdict,
    ).toBe('inconclusive')
  })
})

describe('a bound', () => {
  test('passes at the last look only, and fails at any', () => {
    const trial = openTrial('errors', bound)
    const look = (bad: number, total: number, final: boolean): string =>
      trial.look({ candidate: counts(bad, total), baseline: undefined, final }).verdict
    expect(look(0, 5_000, false)).toBe('inconclusive')
    expect(look(0, 5_001, true)).toBe('pass')
    expect(look(400, 5_600, false)).toBe('fail')
  })

  test('asks nobody about the baseline, and for the bound in milliseconds', () => {
    const { asks, needsBaseline } = openTrial('slow', boundRate({ limit: 0.1, over: '300ms' }))
    expect({ asks, needsBaseline }).toStrictEqual({
      asks: { indicator: 'slow', overMs: 300 },
      needsBaseline: false,
    })
  })

  test.each([
    ['at the limit fails', 0.01, 'fail'],
    ['at the limit passes', 0.01, 'pass'],
  ])('that is %s no more often than it may over 500 looks', (_, rate, wanted) => {
    const ended = endings(rate, 500, 300)
    expect(ended.filter((end) => end === wanted).length).toBeLessThanOrEqual(300 * 0.05)
  })

  test('is not silent: five times the limit fails, a fifth of it passes', () => {
    expect(endings(0.05, 50, 100).filter((end) => end === 'fail').length).toBeGreaterThan(95)
    expect(endings(0.002, 50, 100).filter((end) => end === 'pass').length).toBeGreaterThan(95)
  })

  /** How rollouts end that are looked at again and again, 50 requests each time. */
  function endings(rate: number, looks: number, runs: number): string[] {
    const random = seededRandom(4_711)
    return Array.from({ length: runs }, () => {
      const trial = openTrial('errors', bound)
      let [bad, total] = [0, 0]
      for (let look = 1; look <= looks; look += 1) {
        bad += Math.min(50, poisson(random, 50 * rate))
        total += 50
        const { verdict } = trial.look({
          candidate: counts(bad, total),
          baseline: undefined,
          final: look === looks,
        })
        if (verdict !== 'inconclusive') return verdict
      }
      return 'inconclusive'
    })
  }
})

describe('a gauge', () => {
  const criterion = compareSamples({ tolerance: 0.1 })
  const around = (middle: number): Samples =>
    values(...[-3, -2, -1, 0, 1, 2, 3].map((n) => middle + n / 10))

  test.each([
    ['about the same', around(50), around(50.05), 'pass'],
    ['lower', around(30), around(50), 'pass'],
    ['higher by less than is allowed', around(53), around(50), 'pass'],
    ['higher by more than is allowed', around(60), around(50), 'fail'],
    ['too few to tell', values(80, 81, 82, 83), around(50), 'inconclusive'],
    ['nothing', values(), around(50), 'inconclusive'],
    ['no number', values(1, 2, 3, 4, Number.NaN), around(50), 'inconclusive'],
    ['counts', counts(1, 2), around(50), 'inconclusive'],
    ['scattered', values(10, 20, 80, 90, 100, 40), around(50), 'inconclusive'],
  ])('that is %s ends accordingly', (_, candidate, baseline, verdict) => {
    expect(judged(criterion, [[candidate, baseline]]).verdict).toBe(verdict)
  })

  test('is looked at once, at the deadline', () => {
    const trial = openTrial('memory', criterion)
    expect(trial).toMatchObject({ asks: { indicator: 'memory', as: 'values' }, finalOnly: true })
    const look = { candidate: around(90), baseline: around(50), final: false }
    expect(trial.look(look).verdict).toBe('inconclusive')
    expect(trial.look({ ...look, final: true })).toMatchObject({ verdict: 'fail', evidence: 14 })
  })
})

describe('several indicators', () => {
  const verdict = (outcome: Verdict['verdict'], evidence = 1): Verdict => ({
    verdict: outcome,
    evidence,
    reason: outcome,
  })

  test.each([
    [[], 'inconclusive'],
    [['pass'], 'pass'],
    [['pass', 'pass'], 'pass'],
    [['pass', 'inconclusive'], 'inconclusive'],
    [['pass', 'fail'], 'fail'],
    [['inconclusive', 'fail'], 'fail'],
    [['fail', 'pass', 'inconclusive'], 'fail'],
  ] as const)('%j together are %s', (outcomes, expected) => {
    const combined = combineVerdicts(outcomes.map((outcome) => verdict(outcome)))
    expect(combined.verdict).toBe(expected)
    expect(combined.evidence).toBe(outcomes.length)
  })
})

test('the verdict says for people what it rests on', () => {
  const { reason } = judged(rates, [[counts(12, 1_000), counts(9, 9_000)]])
  expect(reason).toMatchInlineSnapshot(
    `"errors: 12 of 1,000 bad (1.2 %) against 9 of 9,000 bad (0.1 %), evidence for worse 324,145 of 100, for no worse 0.002 of 20"`,
  )
  expect(judged(bound, [[counts(3, 1_000)]]).reason).toMatchInlineSnapshot(
    `"errors: 3 of 1,000 bad (0.3 %), limit 1 %, evidence for more 0.005 of 20, at the limit so few had a chance of 1.01 %"`,
  )
})

test('a trial without a look has no verdict to offer', () => {
  const trial: Trial = openTrial('errors', rates)
  const nothing = { candidate: counts(0, 0), baseline: counts(0, 0), final: true }
  expect(trial.look(nothing)).toMatchObject({ verdict: 'inconclusive', evidence: 0 })
})
