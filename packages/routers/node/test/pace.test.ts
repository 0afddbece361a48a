import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pace } from '../src/pace.ts'

test('few are done at once, many at their rate, and very many in the time that there is', () => {
  expect(pace(1, { perSecond: 200, withinMs: 10_000 })).toEqual({ batch: 1, gapMs: 50 })
  expect(pace(400, { perSecond: 200, withinMs: 10_000 })).toEqual({ batch: 10, gapMs: 50 })
  expect(pace(10_000, { perSecond: 200, withinMs: 5_000 })).toEqual({ batch: 100, gapMs: 50 })
  expect(pace(100, { perSecond: 200, withinMs: 0 })).toEqual({ batch: 100, gapMs: 50 })
})

test('no number takes longer than there is time', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.integer({ min: 1, max: 1000 }),
      fc.nat(60_000),
      (count, perSecond, withinMs) => {
        const { batch, gapMs } = pace(count, { perSecond, withinMs })
        expect((Math.ceil(count / batch) - 1) * gapMs).toBeLessThanOrEqual(withinMs)
      },
    ),
  )
})
