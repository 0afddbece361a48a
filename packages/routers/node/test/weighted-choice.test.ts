import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { weightedSequence } from '../src/weighted-choice.ts'

const phase = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

/** One to five weights that sum to 10,000; zeros and single basis points are as likely as large shares. */
const weights = fc
  .array(fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 1, max: 9999 })), {
    minLength: 0,
    maxLength: 4,
  })
  .filter((parts) => parts.reduce((sum, part) => sum + part, 0) <= 10_000)
  .map((parts) => [...parts, 10_000 - parts.reduce((sum, part) => sum + part, 0)])

describe('the weighted sequence', () => {
  test('stays within 2 requests of each exact share, at every length', () => {
    fc.assert(
      fc.property(weights, phase, (weights, phase) => {
        const { next } = weightedSequence(weights, phase)
        const counts = weights.map(() => 0)
        for (let n = 1; n <= 5000; n++) {
          const index = next()
          counts[index] = (counts[index] ?? 0) + 1
          for (const [i, count] of counts.entries()) {
            if (Math.abs(count - (n * (weights[i] ?? 0)) / 10_000) > 2) return false
          }
        }
        return true
      }),
      { numRuns: 200 },
    )
  })

  test('stays within 2 requests of the exact share after a million', () => {
    const { next } = weightedSequence([9900, 100], 0.37)
    let canary = 0
    for (let n = 0; n < 1_000_000; n++) canary += next()
    expect(Math.abs(canary - 10_000)).toBeLessThanOrEqual(2)
  })

  test('never picks weight 0', () => {
    fc.assert(
      fc.property(weights, phase, (weights, phase) => {
        const { next } = weightedSequence(weights, phase)
        for (let n = 0; n < 2000; n++) if (weights[next()] === 0) return false
        return true
      }),
    )
  })

  test('starves no weight: a share of p is met at least once in any 3/p requests', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 9999 }), phase, (weight, phase) => {
        const { next } = weightedSequence([10_000 - weight, weight], phase)
        const longest = Math.ceil(30_000 / weight)
        let waited = 0
        for (let n = 0; n < 20_000; n++) {
          waited = next() === 1 ? 0 : waited + 1
          if (waited > longest) return false
        }
        return true
      }),
    )
  })

  test.each([
    { share: 1000, every: 10 },
    { share: 1000, every: 2 },
    { share: 500, every: 20 },
    { share: 2500, every: 4 },
    { share: 5000, every: 2 },
  ])(
    'gives a canary of $share basis points its share of each $every-th request',
    ({ share, every }) => {
      const { next } = weightedSequence([10_000 - share, share], 0)
      let special = 0
      for (let n = 0; n < 4000 * every; n++) {
        const index = next()
        if (n % every === 0) special += index
      }
      expect(special / 4000).toBeGreaterThan((share / 10_000) * 0.85)
      expect(special / 4000).toBeLessThan((share / 10_000) * 1.15)
    },
  )

  test('goes on where another one of the same weights stopped', () => {
    const whole = weightedSequence([7000, 3000], 0.25)
    const first = weightedSequence([7000, 3000], 0.25)
    const picks = Array.from({ length: 20 }, () => whole.next())
    expect(Array.from({ length: 20 }, () => first.next())).toEqual(picks)
    expect(first.phase()).toBe(whole.phase())
  })
})
