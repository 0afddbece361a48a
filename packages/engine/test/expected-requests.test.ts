import { boundRate, compareRates, compareSamples, expectedRequests } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const criterion = compareRates()

describe('the requests that a verdict takes', () => {
  test('to bound a rate without a bad request are those of the textbook', () => {
    const needed = (limit: number, confidence: number) =>
      expectedRequests({ criterion: boundRate({ limit, confidence }), share: 1, badRate: 0 })
    expect([needed(0.01, 0.95), needed(0.01, 0.99)]).toStrictEqual([299, 459])
    expect([needed(0.001, 0.95), needed(0.05, 0.99)]).toStrictEqual([2_995, 90])
  })

  test('to bound a rate are more the nearer the rate is to the limit, and no number at the limit', () => {
    const bound = boundRate({ limit: 0.01 })
    const at = [0, 0.002, 0.005, 0.008, 0.01].map((badRate) =>
      expectedRequests({ criterion: bound, share: 1, badRate }),
    )
    expect(at).toStrictEqual([...at].toSorted((a = 0, b = 0) => a - b))
    expect(new Set(at).size).toBe(5)
    expect(at.at(-1)).toBe(Infinity)
  })

  test('to compare rates grow as the share or the rate of bad requests shrinks', () => {
    const at = (share: number, badRate: number) =>
      expectedRequests({ criterion, share, badRate }) ?? 0
    expect(at(0.01, 0.005)).toBeGreaterThan(4 * at(0.1, 0.005))
    expect(at(0.1, 0.0005) / at(0.1, 0.005)).toBeCloseTo(10, 2)
    expect(at(0.1, 0)).toBe(Infinity)
    expect(at(1, 0.005)).toBe(Infinity)
  })

  test('are at least those that were asked for, of the candidate', () => {
    const patient = compareRates({ minRequests: 10_000 })
    expect(expectedRequests({ criterion: patient, share: 0.1 })).toBe(100_000)
    const bound = boundRate({ limit: 0.01, minRequests: 5_000 })
    expect(expectedRequests({ criterion: bound, share: 0.5, badRate: 0 })).toBe(10_000)
  })

  test('are none where samples are compared', () => {
    expect(expectedRequests({ criterion: compareSamples({}), share: 0.5 })).toBeUndefined()
  })

  test.each([
    ['share', { share: 0 }],
    ['share', { share: 1.1 }],
    ['share', { share: Number.NaN }],
    ['badRate', { share: 0.5, badRate: -0.1 }],
    ['badRate', { share: 0.5, badRate: 1 }],
  ])('are not told for a %s that is none', (field, odd) => {
    expect(refusalOf(() => expectedRequests({ criterion, ...odd }))).toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field: `expectedRequests.${field}` },
    })
  })
})

/** Uniform numbers from 0 to 1, the same ones on every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

test.each([
  [0.1, 0.005],
  [0.25, 0.01],
  [0.5, 0.02],
])(
  'at a share of %f and %f bad they are what a simulated judge takes, by and large',
  (share, badRate) => {
    const random = seeded(42)
    const runs = Array.from({ length: 60 }, () => seenUntilPass(random, share, badRate))
    const mean = runs
      .filter((seen) => seen < Infinity)
      .reduce((sum, seen, _, all) => sum + seen / all.length, 0)
    const expected = expectedRequests({ criterion, share, badRate }) ?? 0
    expect(runs.filter((seen) => seen < Infinity).length).toBeGreaterThan(50)
    expect(mean / expected).toBeGreaterThan(0.6)
    expect(mean / expected).toBeLessThan(1.8)
  },
)

/** Requests until a judge passes; Infinity where it does not. */
function seenUntilPass(random: () => number, share: number, badRate: number): number {
  const judge = compareRates()
  for (let looks = 1; looks <= 500; looks += 1) {
    const candidate = chunk(random, 1_000 * share, badRate)
    const baseline = chunk(random, 1_000 * (1 - share), badRate)
    const { verdict, seen } = judge.add({ candidate, baseline })
    if (verdict === 'pass') return seen
    if (verdict === 'fail') return Infinity
  }
  return Infinity
}

function chunk(random: () => number, total: number, rate: number): { bad: number; total: number } {
  return { bad: Array.from({ length: total }, random).filter((draw) => draw < rate).length, total }
}
