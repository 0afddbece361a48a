import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueAtMs, dueCount, isPost, totalCount } from '../src/load-schedule.js'

const rate = fc.double({ min: 0.01, max: 100_000, noNaN: true })
const elapsedMs = fc.double({ min: 0, max: 3_600_000, noNaN: true })

describe('the schedule', () => {
  it('has request 0 due at the start and the rest at equal distances', () => {
    expect([0, 1, 2, 500].map((n) => dueAtMs(n, 500))).toEqual([0, 2, 4, 1000])
    expect([-1, 0, 1.9, 2, 999, 1000].map((t) => dueCount(t, 500))).toEqual([0, 1, 1, 2, 500, 501])
  })

  it('counts exactly the requests whose instant has come, at any rate and time', () => {
    fc.assert(
      fc.property(rate, elapsedMs, (rate, elapsedMs) => {
        const count = dueCount(elapsedMs, rate)
        expect(dueAtMs(count - 1, rate)).toBeLessThanOrEqual(elapsedMs)
        expect(dueAtMs(count, rate)).toBeGreaterThan(elapsedMs)
      }),
    )
  })

  it('counts a request as due at its very instant, however the division rounds', () => {
    fc.assert(
      fc.property(rate, fc.nat(10_000_000), (rate, n) => {
        expect(dueCount(dueAtMs(n, rate), rate)).toBeGreaterThan(n)
      }),
    )
  })

  it('sends rate times duration requests, and without a duration no end of them', () => {
    expect(totalCount(30_000, 500)).toBe(15_000)
    expect(totalCount(1, 500)).toBe(1)
    expect(totalCount(3, 500)).toBe(2)
    expect(totalCount(undefined, 500)).toBe(Number.POSITIVE_INFINITY)
  })

  it('spreads POSTs so evenly that every stretch from the start holds its share', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2000), (share, length) => {
        const posts = Array.from({ length }, (_, n) => n).filter((n) => isPost(n, share))
        expect(posts).toHaveLength(Math.floor(length * share))
      }),
    )
  })
})
