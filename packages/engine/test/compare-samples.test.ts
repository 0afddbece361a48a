import { compareSamples, samplesNeeded } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { erfc } from '../src/erfc.ts'
import { arrangements, exactP, leastP } from '../src/rank-test.ts'

const HIGH = [5.1, 4.9, 6.2, 5.7, 6.0]
const LOW = [4.1, 4.5, 4.3, 5.0, 4.4]

describe('the rank test', () => {
  test('counts out the distribution where there are few values and no ties', () => {
    const { u, p, method, shift, interval } = compareSamples(HIGH, LOW)
    expect([u, method]).toStrictEqual([24, 'exact'])
    expectClose(p, 0.015873015873015872)
    expectClose(shift, 1.2)
    expectClose(interval[0], 0.4)
    expectClose(interval[1], 1.9)
    expect(compareSamples(LOW, HIGH).u).toBe(1)
    expectClose(compareSamples(HIGH, LOW, { method: 'normal' }).p, 0.02157174794772094)
  })

  // Expected values by SciPy 1.17.1.
  test.each<[string, number[], number[], { u: number; p: number; method: string; shift?: number }]>(
    [
      [
        'ties',
        [12, 15, 16, 42, 9, 9, 30, 28],
        [30, 14, 6, 11, 88, 1, 3, 7],
        { u: 44.5, p: 0.20690939244398654, method: 'normal' },
      ],
      [
        'ties in both tails',
        [...repeated(100, 7), 1, 1, 1],
        repeated(1, 10),
        { u: 85, p: 0.0016167728306206103, method: 'normal', shift: 99 },
      ],
      [
        '20 values without ties',
        [
          10.002, 10.597, 9.452, 8.219, 9.091, 8.017, 10.12, 12.68, 9.016, 8.759, 10.98, 10.714,
          10.211, 8.139, 9.941, 11.391, 7.312, 9.085, 6.198, 7.421,
        ],
        [
          7.817, 11.03, 8.965, 12.043, 11.814, 11.126, 6.466, 10.423, 11.403, 11.727, 8.44, 10.544,
          9.543, 9.882, 13.622, 9.885, 11.435,
        ],
        { u: 109, p: 0.06474058645069913, method: 'exact' },
      ],
      [
        'many values',
        [
          7, 5, 3, 8, 4, 8, 4, 6, 5, 2, 8, 5, 5, 6, 5, 10, 5, 7, 4, 8, 2, 9, 1, 3, 2, 2, 7, 5, 6, 6,
          9, 6, 3, 6, 4, 3, 2, 6, 8, 3,
        ],
        [
          5, 13, 4, 7, 7, 6, 5, 4, 6, 2, 5, 8, 6, 5, 7, 8, 4, 12, 6, 7, 6, 5, 11, 10, 6, 6, 10, 5,
          8, 7, 7, 6, 5, 10, 4,
        ],
        { u: 486, p: 0.022035815041566483, method: 'normal' },
      ],
    ],
  )('agrees with SciPy on %s', (_, candidate, baseline, { u, p, method, shift }) => {
    const found = compareSamples(candidate, baseline)
    expect([found.u, found.method]).toStrictEqual([u, method])
    expectClose(found.p, p)
    if (shift !== undefined) expectClose(found.shift, shift)
  })

  test('counts every arrangement', () => {
    for (const [n, m] of [
      [1, 1],
      [3, 5],
      [20, 20],
    ] as const) {
      const total = arrangements(n, m).reduce((sum, ways) => sum + ways, 0)
      expectClose(2 / total, leastP(n, m))
    }
    expect(arrangements(2, 2)).toStrictEqual([1, 1, 2, 1, 1])
    expect(exactP(4, 2, 4)).toBe(1)
  })

  test('is the same seen from either side', () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const [there, back] = [compareSamples(a, b), compareSamples(b, a)]
        expectClose(there.u + back.u, a.length * b.length)
        expectClose(there.p, back.p)
        expect(there.p).toBeGreaterThan(0)
        expect(there.p).toBeLessThanOrEqual(1)
        expect(Math.abs(there.shift + back.shift)).toBeLessThanOrEqual(1e-9)
      }),
    )
  })

  test('finds shift and interval among all pairwise differences', () => {
    fc.assert(
      fc.property(samples, samples, (a, b) => {
        const all = a.flatMap((x) => b.map((y) => x - y)).toSorted((x, y) => x - y)
        const middle = (all[(all.length - 1) >> 1]! + all[all.length >> 1]!) / 2
        const { shift, interval } = compareSamples(a, b, { confidence: 0.5 })
        expect(Math.abs(shift - middle)).toBeLessThanOrEqual(1e-9)
        if (!Number.isFinite(interval[0])) return
        expect(all.some((one) => one === interval[0])).toBe(true)
        expect(interval[0]).toBeLessThanOrEqual(interval[1])
      }),
    )
  })

  test('has no interval where there are too few values for it', () => {
    expect(compareSamples([1, 2], [3, 4]).interval).toStrictEqual([-Infinity, Infinity])
  })

  test('finds nothing between values that are all the same', () => {
    expect(compareSamples(repeated(1, 9), repeated(1, 9))).toMatchObject({ p: 1, shift: 0 })
  })
})

test.each([
  ['candidate', () => compareSamples([], [1])],
  ['candidate', () => compareSamples([1, Number.NaN], [1])],
  ['baseline', () => compareSamples([1], [Number.POSITIVE_INFINITY])],
  ['confidence', () => compareSamples([1], [2], { confidence: 1 })],
  ['method', () => compareSamples([1, 1], [1], { method: 'exact' })],
  ['alpha', () => compareSamples({ alpha: 0 })],
  ['tolerance', () => compareSamples({ tolerance: -0.1 })],
])('what cannot be compared is refused: %s', (field, call) => {
  expect(call).toThrow(
    expect.objectContaining({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: expect.objectContaining({ field: `compareSamples.${field}` }),
    }),
  )
})

test('given options alone it is a criterion, as data', () => {
  const criterion = compareSamples({ tolerance: 0.1 })
  expect(criterion).toStrictEqual({ kind: 'compare-samples', alpha: 0.01, tolerance: 0.1 })
  expect(JSON.parse(JSON.stringify(compareSamples()))).toStrictEqual(compareSamples())
})

test.each([
  [0.1, 3],
  [0.05, 4],
  [0.02, 5],
  [0.01, 5],
  [0.005, 6],
])('an alpha of %d needs %d values of each', (alpha, values) => {
  expect(samplesNeeded(alpha)).toBe(values)
})

// By mpmath with 40 digits.
test.each([
  [0, 1],
  [1e-8, 0.9999999887162083],
  [0.3, 0.6713732405408726],
  [0.999, 0.15771472979350307],
  [1.001, 0.15688451452192373],
  [1.5, 0.033894853524689274],
  [2.5, 0.0004069520174449589],
  [5, 1.537459794428035e-12],
  [10, 2.088487583762545e-45],
  [26, 5.663192408856143e-296],
  [-1.5, 2 - 0.033894853524689274],
])('erfc(%d) is exact to thirteen digits', (x, expected) => {
  expect(Math.abs(erfc(x) / expected - 1)).toBeLessThan(1e-13)
})

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 24,
})

function repeated(value: number, times: number): number[] {
  return Array.from({ length: times }, () => value)
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected))
}
