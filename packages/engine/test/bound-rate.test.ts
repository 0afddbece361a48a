import { boundRate, type BoundRateCounts } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { atLeast, atMost } from '../src/binomial-tail.ts'

describe('the interval', () => {
  // By SciPy 1.17.1.
  test.each<['exact' | 'wilson', number, number, number, number, number]>([
    ['exact', 0, 300, 0.95, 0, 0.012220974694292897],
    ['exact', 1, 10, 0.95, 0.0025285785444625728, 0.44501611702819543],
    ['exact', 5, 100, 0.95, 0.016431879181728278, 0.11283491110546288],
    ['exact', 10, 10, 0.9, 0.7411344491066528, 1],
    ['exact', 1000, 1_000_000, 0.99, 0.000920460217853866, 0.001084327112175354],
    ['wilson', 0, 10, 0.95, 0, 0.2775327998628895],
    ['wilson', 5, 100, 0.95, 0.021543679154367973, 0.11175046923191914],
    ['wilson', 10, 10, 0.9, 0.787058029916593, 1],
    ['wilson', 3, 2995, 0.95, 0.0003407151728134887, 0.002941038449655208],
  ])(
    '%s, of %d bad in %d at %d, agrees with SciPy',
    (method, bad, total, confidence, low, high) => {
      const { interval, upper } = boundRate({ bad, total, limit: 0.01, confidence, method })
      expectClose(interval[0], low)
      expectClose(interval[1], high)
      expect(upper).toBe(interval[1])
    },
  )

  test('holds the rate seen, and shrinks as more is seen', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 1, max: 2_000 }), (bad, more) => {
        const total = bad + more
        const [few, many] = [1, 10].map((times) => {
          return boundRate({ bad: bad * times, total: total * times, limit: 0.01 }).interval
        }) as [[number, number], [number, number]]
        expect(few[0]).toBeLessThanOrEqual(bad / total)
        expect(few[1]).toBeGreaterThanOrEqual(bad / total)
        expect(many[1] - many[0]).toBeLessThan(few[1] - few[0])
      }),
    )
  })
})

// By mpmath with 40 digits.
test.each([
  [3, 100, 0.01, 0.9816259635553504, 0.07937320225218034],
  [0, 299, 0.01, 0.04953625663766248, 1],
  [50, 1000, 0.04, 0.9509359546301274, 0.06630587123134775],
  [2, 1_000_000, 1e-6, 0.9196986948985504, 0.2642411176570847],
  [700, 1000, 0.75, 0.00019359032194907896, 0.9998520708254566],
])('the tails of %d bad in %d at %d are exact to nine digits', (bad, total, rate, most, least) => {
  expectClose(atMost(bad, total, rate), most)
  expectClose(atLeast(bad, total, rate), least)
})

describe('the verdict', () => {
  test.each([
    [0.01, 0.95, 299],
    [0.01, 0.99, 459],
    [0.001, 0.95, 2_995],
    [0.001, 0.99, 4_603],
    [0.05, 0.95, 59],
    [0.05, 0.99, 90],
    [0.005, 0.95, 598],
  ])(
    'without bad requests passes a limit of %d at %d from %d requests on',
    (limit, confidence, total) => {
      expect(boundRate({ bad: 0, total, limit, confidence }).verdict).toBe('pass')
      expect(boundRate({ bad: 0, total: total - 1, limit, confidence }).verdict).toBe(
        'inconclusive',
      )
    },
  )

  test('fails a rate that is shown to be above the limit, and only that', () => {
    expect(boundRate({ bad: 5, total: 100, limit: 0.01 }).verdict).toBe('fail')
    expect(boundRate({ bad: 2, total: 100, limit: 0.01 }).verdict).toBe('inconclusive')
  })

  test('never gets better by one more bad request, nor worse by one more good one', () => {
    const rank = { fail: 0, inconclusive: 1, pass: 2 }
    fc.assert(
      fc.property(fc.nat(30), fc.nat(2_000), (bad, good) => {
        const of = (b: number, g: number): number =>
          rank[boundRate({ bad: b, total: b + g, limit: 0.01 }).verdict]
        expect(of(bad + 1, good)).toBeLessThanOrEqual(Math.max(of(bad, good), bad + good ? 0 : 1))
        expect(of(bad, good + 1)).toBeGreaterThanOrEqual(of(bad, good))
      }),
    )
  })

  test.each<[string, Partial<BoundRateCounts>]>([
    ['nothing', { bad: 0, total: 0 }],
    ['no number', { bad: Number.NaN, total: 300 }],
    ['no number of all', { bad: 0, total: Number.NaN }],
    ['no end', { bad: 0, total: Number.POSITIVE_INFINITY }],
    ['less than nothing', { bad: -1, total: 300 }],
    ['more bad requests than requests', { bad: 301, total: 300 }],
  ])('of %s is inconclusive', (_, counts) => {
    const found = boundRate({ bad: 0, total: 0, limit: 0.01, ...counts })
    expect(found).toStrictEqual({ verdict: 'inconclusive', upper: 1, interval: [0, 1] })
  })
})

test('given a limit without counts it is a criterion, as data', () => {
  expect(boundRate({ limit: 0.01, over: '300ms', minRequests: 50 })).toStrictEqual({
    kind: 'bound-rate',
    limit: 0.01,
    confidence: 0.95,
    overMs: 300,
    minRequests: 50,
  })
})

test.each([
  ['limit', () => boundRate({ limit: 1 })],
  ['limit', () => boundRate({ bad: 0, total: 1, limit: 0 })],
  ['confidence', () => boundRate({ limit: 0.01, confidence: 95 })],
  ['minRequests', () => boundRate({ limit: 0.01, minRequests: -1 })],
])('a bound that no judge could work with is refused: %s', (field, call) => {
  expect(call).toThrow(
    expect.objectContaining({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: expect.objectContaining({ field: `boundRate.${field}` }),
    }),
  )
})

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected))
}
