import { compareRates, type RateSample, type RateVerdict } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { poisson, seededRandom } from './randomness.ts'

/** Bad and all requests of the candidate, then of the baseline. */
type Chunk = readonly [badC: number, allC: number, badB: number, allB: number]

describe('the evidence', () => {
  // Computed exactly, with fractions of whole numbers.
  test.each<[string, number, Chunk[], [number, number][]]>([
    ['one look', 1, [[10, 1000, 10, 9000]], [[7997.772096683448, 0.006569824169263281]]],
    [
      'one look, with tolerance',
      1.25,
      [[10, 1000, 10, 9000]],
      [[1601.474265704784, 0.006569824169263281]],
    ],
    ['no bad request', 1, [[0, 500, 0, 4500]], [[1, 1]]],
    [
      'two looks',
      1,
      [
        [3, 100, 2, 900],
        [4, 200, 3, 800],
      ],
      [
        [16.418075438320365, 0.20131375],
        [129.8020968001358, 0.045083972736],
      ],
    ],
    ['no baseline', 1, [[3, 100, 0, 0]], [[1, 1]]],
  ])('of %s is exact to nine digits', (_, tolerance, chunks, expected) => {
    const judge = compareRates({ tolerance })
    for (const [look, chunk] of chunks.entries()) {
      const { failEvidence, passEvidence } = judge.add(sampleOf(chunk))
      const [fail, pass] = expected[look]!
      expectClose(failEvidence, fail)
      expectClose(passEvidence, pass)
    }
  })

  test('leads to the verdict as soon as it reaches one over alpha, or one over beta', () => {
    const judge = compareRates({ alpha: 0.01 })
    expect(judge.add(sampleOf([3, 100, 2, 900])).verdict).toBe('inconclusive')
    expect(judge.add(sampleOf([4, 200, 3, 800])).verdict).toBe('fail')
    expect(compareRates().add(sampleOf([10, 1000, 10, 9000])).verdict).toBe('fail')
    expect(compareRates().add(sampleOf([0, 1000, 60, 9000])).verdict).toBe('pass')
    expect(compareRates({ beta: 0.001 }).add(sampleOf([0, 1000, 60, 9000])).verdict).toBe(
      'inconclusive',
    )
  })

  test('is the same in whatever order the samples come', () => {
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 2, maxLength: 12 }), fc.nat(), (chunks, seed) => {
        const shuffled = chunks
          .map((one, i) => ({ one, key: Math.imul(i + 1, seed | 1) }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ one }) => one)
        const [a, b] = [judged(chunks), judged(shuffled)]
        expectClose(a.failEvidence, b.failEvidence)
        expectClose(a.passEvidence, b.passEvidence)
        expect(a.seen).toBe(b.seen)
      }),
    )
  })

  test('for worse grows with every further bad request of the candidate, and for pass falls', () => {
    fc.assert(
      fc.property(chunk, ([badC, allC, badB, allB]) => {
        fc.pre(badC < allC && allB > 0)
        const before = judged([[badC, allC, badB, allB]])
        const after = judged([[badC + 1, allC, badB, allB]])
        expect(after.failEvidence).toBeGreaterThan(before.failEvidence)
        expect(after.passEvidence).toBeLessThan(before.passEvidence)
      }),
    )
  })

  test('for worse never grows by a sample that speaks for the candidate', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (chunks, bad) => {
          const [before, after] = [
            judged([...chunks, NONE]),
            judged([...chunks, [0, 500, bad, 500]]),
          ]
          expect(after.failEvidence).toBeLessThanOrEqual(before.failEvidence)
          expect(before.verdict !== 'fail' && after.verdict === 'fail').toBe(false)
        },
      ),
    )
  })

  test('is left as it was by a sample that holds nothing', () => {
    const nothing = fc.constantFrom<Chunk>(
      NONE,
      [Number.NaN, 100, 1, 100],
      [1, 100, 0, Number.POSITIVE_INFINITY],
      [3, 2, 0, 100],
    )
    fc.assert(
      fc.property(fc.array(chunk), nothing, (chunks, odd) => {
        expect(judged([...chunks, odd])).toStrictEqual(judged([...chunks, NONE]))
      }),
    )
  })

  test('stays finite and honest over millions of requests', () => {
    const judge = compareRates()
    for (let look = 0; look < 100; look += 1) {
      expect(judge.add(sampleOf([0, 100_000, 500, 900_000])).verdict).not.toBe('fail')
    }
    const worse = judged(Array.from({ length: 100 }, (): Chunk => [5_000, 100_000, 500, 900_000]))
    expect(worse).toMatchObject({ verdict: 'fail', failEvidence: Number.MAX_VALUE })
  })
})

test.each([
  ['alpha', { alpha: 2 }],
  ['beta', { beta: 0 }],
  ['tolerance', { tolerance: -1 }],
  ['ratioMax', { ratioMax: 1 }],
  ['ratioMax', { tolerance: 3, ratioMax: 2 }],
  ['minRequests', { minRequests: 0.5 }],
])('a limit that no judge could work with is refused: %s', (field, limits) => {
  expect(() => compareRates(limits)).toThrow(
    expect.objectContaining({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: expect.objectContaining({ field: `compareRates.${field}` }),
    }),
  )
})

describe('no data', () => {
  test.each<[string, Chunk[]]>([
    ['nothing at all', []],
    ['nothing was asked of either side', [[0, 0, 0, 0]]],
    ['only the candidate was asked', [[0, 1_000_000, 0, 0]]],
    ['only the baseline was asked', [[0, 0, 1_000, 1_000_000]]],
    ['no bad request on either side', [[0, 1_000_000, 0, 9_000_000]]],
    ['no number', [[Number.NaN, 1000, 0, 9000]]],
    ['no number of all', [[0, Number.NaN, 50, 9000]]],
    ['no end', [[0, Number.POSITIVE_INFINITY, 50, 9000]]],
    ['more bad requests than requests', [[0, 100, 950, 900]]],
    ['a counter that fell', [[-500, 1000, 0, 9000]]],
    ['a baseline that fell', [[0, 1000, -500, 9000]]],
  ])('never passes: %s', (_, chunks) => {
    const judge = compareRates()
    const samples = chunks.length > 0 ? chunks : [[0, 0, 0, 0] as const]
    for (const one of samples) expect(judge.add(sampleOf(one)).verdict).toBe('inconclusive')
  })

  test('leaves the evidence where it was, so that a later sample still counts', () => {
    const judge = compareRates()
    const before = judge.add(sampleOf([3, 100, 2, 900]))
    for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(judge.add(sampleOf([odd, 100, 2, 900]))).toStrictEqual(before)
      expect(judge.add(sampleOf([0, 100, 2, odd]))).toStrictEqual(before)
    }
    expect(judge.add(sampleOf([4, 200, 3, 800])).verdict).toBe('fail')
  })
})

describe('over many looks', () => {
  const LOOKS = 500
  const RUNS = 300

  test('a release that is no worse fails no more often than alpha', () => {
    const failed = countRuns({ alpha: 0.05 }, 1, (verdicts) => verdicts.includes('fail'))
    expect(failed).toBeLessThanOrEqual(RUNS * 0.05)
  })

  test('a release that is twice as bad passes no more often than beta', () => {
    const passed = countRuns({ beta: 0.05 }, 2, (verdicts) => verdicts.includes('pass'))
    expect(passed).toBeLessThanOrEqual(RUNS * 0.05)
  })

  test('a release within the tolerance does not fail, one beyond it does', () => {
    const tolerant = { alpha: 0.05, tolerance: 2 }
    expect(countRuns(tolerant, 2, (verdicts) => verdicts.includes('fail'))).toBeLessThanOrEqual(
      RUNS * 0.05,
    )
    expect(countRuns(tolerant, 6, (verdicts) => verdicts.includes('fail'))).toBe(RUNS)
  })

  test('a good release passes and a bad one fails: the judge is not silent', () => {
    const first = (verdicts: string[]): string | undefined =>
      verdicts.find((verdict) => verdict !== 'inconclusive')
    expect(countRuns({}, 1, (verdicts) => first(verdicts) === 'pass')).toBeGreaterThan(RUNS * 0.9)
    expect(countRuns({}, 3, (verdicts) => first(verdicts) === 'fail')).toBeGreaterThan(RUNS * 0.95)
  })

  // Facts of the design: numpy, 2,000 runs of 30 looks, base rate 0.5 %, 200 requests of the candidate per look.
  test.each([
    [1, 'pass', 0.948],
    [2, 'fail', 0.864],
    [3, 'fail', 0.999],
  ])(
    'with few requests a ratio of %d leads to %s as often as it should',
    (ratio, wanted, share) => {
      const random = seededRandom(12_345)
      const ends = Array.from({ length: RUNS * 2 }, () => {
        const judge = compareRates()
        for (let look = 0; look < 30; look += 1) {
          const one: Chunk = [poisson(random, ratio), 200, poisson(random, 9), 1_800]
          const { verdict } = judge.add(sampleOf(one))
          if (verdict !== 'inconclusive') return verdict
        }
        return 'inconclusive'
      })
      const reached = ends.filter((end) => end === wanted).length / ends.length
      expect(Math.abs(reached - share)).toBeLessThan(0.05)
    },
  )

  test('2 % against 0.5 % fails within ten looks', () => {
    const random = seededRandom(99)
    const failed = Array.from({ length: RUNS }, () => {
      const judge = compareRates()
      return Array.from({ length: 10 }, () => {
        const one: Chunk = [poisson(random, 4), 200, poisson(random, 9), 1_800]
        return judge.add(sampleOf(one)).verdict
      }).includes('fail')
    })
    expect(failed.filter(Boolean).length).toBeGreaterThan(RUNS * 0.98)
  })

  test('an hour of looks once a second costs next to nothing', () => {
    const judge = compareRates()
    const began = process.cpuUsage().user
    for (let look = 0; look < 3_600; look += 1)
      judge.add(sampleOf([look % 3, 200, look % 5, 1_800]))
    expect(process.cpuUsage().user - began).toBeLessThan(100_000)
  })

  /** Rollouts whose candidate is `ratio` times as bad as its baseline, looked at again and again. */
  function countRuns(
    limits: Parameters<typeof compareRates>[0],
    ratio: number,
    wanted: (verdicts: string[]) => boolean,
  ): number {
    const random = seededRandom(12_345)
    return Array.from({ length: RUNS }, () => {
      const judge = compareRates(limits)
      return Array.from({ length: LOOKS }, () => {
        const chunk: Chunk = [poisson(random, ratio), 200, poisson(random, 9), 1_800]
        return judge.add(sampleOf(chunk)).verdict
      })
    }).filter(wanted).length
  }
})

const NONE: Chunk = [0, 0, 0, 0]
const counts = fc
  .nat(2_000)
  .chain((all) => fc.tuple(fc.nat({ max: Math.min(all, 30) }), fc.constant(all)))
const chunk: fc.Arbitrary<Chunk> = fc
  .tuple(counts, counts)
  .map(([[badC, allC], [badB, allB]]) => [badC, allC, badB, allB])

function sampleOf([badC, allC, badB, allB]: Chunk): RateSample {
  return { candidate: { bad: badC, total: allC }, baseline: { bad: badB, total: allB } }
}

function judged(chunks: readonly Chunk[]): RateVerdict {
  const judge = compareRates()
  const looks = chunks.map((one) => judge.add(sampleOf(one)))
  return looks.at(-1)!
}

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.abs(expected))
}

test('the bound of slow requests and the least number of requests are data of the plan', () => {
  const { add, ...criterion } = compareRates({ over: '300ms', minRequests: 500, tolerance: 1.25 })
  expect(typeof add).toBe('function')
  expect(criterion).toStrictEqual({
    kind: 'compare-rates',
    alpha: 0.01,
    beta: 0.05,
    tolerance: 1.25,
    ratioMax: 2,
    overMs: 300,
    minRequests: 500,
  })
})
