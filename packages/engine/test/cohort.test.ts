import { inCohort } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const USERS = 20_000
const percent = fc.double({ min: 0, max: 100, noNaN: true })

const keysOf = {
  'names that count up': (n: number) => `user-${n}`,
  'plain numbers': (n: number) => String(n),
  'addresses of one network': (n: number) => `10.0.${n >> 8}.${n & 255}`,
}

describe('a cohort', () => {
  test('keeps everyone when the percentage grows', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), percent, percent, (salt, key, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        const wasIn = inCohort({ salt, key, percent: low })
        expect(!wasIn || inCohort({ salt, key, percent: high })).toBe(true)
      }),
    )
  })

  test('is nobody at 0 percent and everybody at 100', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (salt, key) => {
        expect(inCohort({ salt, key, percent: 0 })).toBe(false)
        expect(inCohort({ salt, key, percent: 100 })).toBe(true)
      }),
    )
  })

  test('puts the same user on the same side in every program: the choice is pinned', () => {
    const chosen = Array.from({ length: 60 }, (_, n) => `user-${n}`).filter((key) =>
      inCohort({ salt: 'r1', key, percent: 10 }),
    )
    expect(chosen).toMatchInlineSnapshot(`
      [
        "user-3",
        "user-16",
        "user-18",
        "user-19",
        "user-32",
      ]
    `)
  })

  describe.each(Object.entries(keysOf))('of %s', (_, keyOf) => {
    test.each(['r1', 'shop-mb2k-1f', ''])('is as large as asked for under the salt %o', (salt) => {
      const share = (membersOf(salt, keyOf, 10).size * 100) / USERS
      expect(share).toBeGreaterThanOrEqual(9.5)
      expect(share).toBeLessThanOrEqual(10.5)
    })

    test.each([
      ['r1', 'r2'],
      ['shop-1', 'shop-10'],
    ])('under the salt %s is independent of the one under %s', (one, other) => {
      const first = membersOf(one, keyOf, 10)
      const both = [...membersOf(other, keyOf, 10)].filter((key) => first.has(key)).length
      const share = (both * 100) / first.size
      expect(share).toBeGreaterThanOrEqual(8)
      expect(share).toBeLessThanOrEqual(12)
    })
  })

  test('tells a salt from the key behind it', () => {
    const keys = Array.from({ length: 200 }, (_, n) => String(n))
    const joined = keys.map((key) => inCohort({ salt: 'a', key: `b${key}`, percent: 50 }))
    const other = keys.map((key) => inCohort({ salt: 'ab', key, percent: 50 }))
    expect(joined).not.toStrictEqual(other)
  })

  test.each([-1, 100.1, Number.NaN, Number.POSITIVE_INFINITY])(
    'of %d percent is refused',
    (percent) => {
      const refusal = refusalOf(() => inCohort({ salt: 's', key: 'k', percent }))
      expect(refusal).toMatchObject({
        code: 'CHANGEOVER_OPTION_INVALID',
        details: { field: 'percent', value: percent },
      })
    },
  )
})

function membersOf(salt: string, keyOf: (n: number) => string, percent: number): Set<string> {
  const keys = Array.from({ length: USERS }, (_, n) => keyOf(n))
  return new Set(keys.filter((key) => inCohort({ salt, key, percent })))
}
