import { capacity, splitReplicas } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const replicas = fc.integer({ min: 1, max: 10_000 })

/** Percentages with up to two decimals, and how many hundredths of a percent they are. */
const percent = fc
  .integer({ min: 0, max: 30_000 })
  .map((hundredths) => ({ hundredths, text: `${hundredths / 100}%` }))

const share = fc.oneof(
  fc.nat(12_000),
  percent.map(({ text }) => text),
)

describe('capacity', () => {
  test.each([
    [10, '25%', '25%', { surge: 3, unavailable: 2, maxTotal: 13, minAvailable: 8 }],
    [3, '25%', '25%', { surge: 1, unavailable: 0, maxTotal: 4, minAvailable: 3 }],
    [1, '25%', '25%', { surge: 1, unavailable: 0, maxTotal: 2, minAvailable: 1 }],
    [5, 2, 1, { surge: 2, unavailable: 1, maxTotal: 7, minAvailable: 4 }],
    [10, 1, 0, { surge: 1, unavailable: 0, maxTotal: 11, minAvailable: 10 }],
    [10, '30%', '30%', { surge: 3, unavailable: 3, maxTotal: 13, minAvailable: 7 }],
    [4, '100%', 0, { surge: 4, unavailable: 0, maxTotal: 8, minAvailable: 4 }],
    [4, '150%', 0, { surge: 6, unavailable: 0, maxTotal: 10, minAvailable: 4 }],
    [3, 0, '100%', { surge: 0, unavailable: 3, maxTotal: 3, minAvailable: 0 }],
    [3, 0, 7, { surge: 0, unavailable: 3, maxTotal: 3, minAvailable: 0 }],
    [10_000, '0.07%', '0.07%', { surge: 7, unavailable: 7, maxTotal: 10_007, minAvailable: 9_993 }],
  ])('of %i replicas with surge %s and unavailable %s', (replicas, maxSurge, down, expected) => {
    expect(capacity({ replicas, maxSurge, maxUnavailable: down })).toStrictEqual(expected)
  })

  test.each([
    [10, 0, 0],
    [10, 0, '9%'],
    [1, '0%', '0%'],
  ])(
    'of %i replicas with surge %s and unavailable %s lets one be missing',
    (replicas, up, down) => {
      const { surge, unavailable } = capacity({ replicas, maxSurge: up, maxUnavailable: down })
      expect({ surge, unavailable }).toStrictEqual({ surge: 0, unavailable: 1 })
    },
  )

  test('always lets something move, and its bounds follow from its shares', () => {
    fc.assert(
      fc.property(replicas, share, share, (replicas, maxSurge, maxUnavailable) => {
        const found = capacity({ replicas, maxSurge, maxUnavailable })
        expect(found.surge + found.unavailable).toBeGreaterThan(0)
        expect(found.maxTotal).toBe(replicas + found.surge)
        expect(found.minAvailable).toBe(replicas - found.unavailable)
        expect(found.minAvailable).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('rounds surge up and unavailable down, exactly', () => {
    fc.assert(
      fc.property(replicas, percent, (replicas, { hundredths, text }) => {
        const whole = 10_000
        const up = Number((BigInt(replicas) * BigInt(hundredths) + 9_999n) / BigInt(whole))
        const down = Number((BigInt(replicas) * BigInt(hundredths)) / BigInt(whole))
        const found = capacity({ replicas, maxSurge: text, maxUnavailable: text })
        expect(found.surge).toBe(up)
        expect(found.unavailable).toBe(up === 0 ? 1 : Math.min(down, replicas))
      }),
      { numRuns: 2_000 },
    )
  })

  test('grows with each share, and the surge with the replicas', () => {
    const shares = fc.tuple(percent, fc.nat(5_000))
    fc.assert(
      fc.property(replicas, fc.nat(1_000), shares, (replicas, extra, [share, more]) => {
        const bigger = `${(share.hundredths + more) / 100}%`
        const surgeOf = (replicas: number, maxSurge: string): number =>
          capacity({ replicas, maxSurge, maxUnavailable: 0 }).surge
        expect(surgeOf(replicas, bigger)).toBeGreaterThanOrEqual(surgeOf(replicas, share.text))
        expect(surgeOf(replicas + extra, share.text)).toBeGreaterThanOrEqual(
          surgeOf(replicas, share.text),
        )
        const servingOf = (maxUnavailable: string): number =>
          capacity({ replicas, maxSurge: 1, maxUnavailable }).minAvailable
        expect(servingOf(bigger)).toBeLessThanOrEqual(servingOf(share.text))
      }),
    )
  })

  test.each([
    ['replicas', { replicas: 0 }, '0'],
    ['replicas', { replicas: 2.5 }, '2.5'],
    ['replicas', { replicas: Number.NaN }, 'NaN'],
    ['maxSurge', { maxSurge: 'oops' }, 'oops'],
    ['maxSurge', { maxSurge: '25' }, '25'],
    ['maxSurge', { maxSurge: '-5%' }, '-5%'],
    ['maxSurge', { maxSurge: '5 %' }, '5 %'],
    ['maxSurge', { maxSurge: -1 }, '-1'],
    ['maxUnavailable', { maxUnavailable: 0.5 }, '0.5'],
    ['maxUnavailable', { maxUnavailable: '1e2%' }, '1e2%'],
    ['maxUnavailable', { maxUnavailable: '' }, ''],
    ['maxUnavailable', { maxUnavailable: Number.POSITIVE_INFINITY }, 'Infinity'],
  ])('refuses a wrong %s: %o', (field, wrong, shown) => {
    const request = { replicas: 10, maxSurge: 1, maxUnavailable: 1, ...wrong }
    const refusal = refusalOf(() => capacity(request))
    expect(refusal.code).toBe('CHANGEOVER_CAPACITY_INVALID')
    expect(refusal.message).toContain(`Option "${field}" is not a count or a percentage: ${shown}.`)
  })
})

describe('splitting replicas by a weight', () => {
  test.each([
    [10, 14, 0, { canary: 1, stable: 9 }],
    [10, 15, 0, { canary: 2, stable: 8 }],
    [10, 25, 0, { canary: 3, stable: 7 }],
    [10, 1, 0, { canary: 1, stable: 9 }],
    [10, 99, 0, { canary: 9, stable: 1 }],
    [10, 0, 0, { canary: 0, stable: 10 }],
    [10, 100, 0, { canary: 10, stable: 0 }],
    [2, 1, 1, { canary: 1, stable: 2 }],
    [1, 50, 1, { canary: 1, stable: 1 }],
    [1, 49, 0, { canary: 0, stable: 1 }],
    [1, 50, 0, { canary: 1, stable: 0 }],
    [7, 0, '50%', { canary: 0, stable: 7 }],
    [7, 100, '50%', { canary: 7, stable: 0 }],
  ])('%i replicas at %d percent with surge %s', (replicas, weight, maxSurge, expected) => {
    expect(splitReplicas({ replicas, weight, maxSurge })).toStrictEqual(expected)
  })

  const weight = fc.double({ min: 0, max: 100, noNaN: true })
  const few = fc.integer({ min: 2, max: 500 })

  test('uses all replicas and no more than the surge, and gives each side at least one', () => {
    fc.assert(
      fc.property(few, weight, fc.nat(5), (replicas, weight, maxSurge) => {
        const { canary, stable } = splitReplicas({ replicas, weight, maxSurge })
        expect(canary + stable).toBeGreaterThanOrEqual(replicas)
        expect(canary + stable).toBeLessThanOrEqual(replicas + maxSurge)
        expect([canary, stable].includes(0)).toBe(weight === 0 || weight === 100)
      }),
    )
  })

  test('never takes instances from the canary when its weight grows', () => {
    fc.assert(
      fc.property(few, weight, weight, fc.nat(5), (replicas, one, other, maxSurge) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        const before = splitReplicas({ replicas, weight: low, maxSurge })
        const after = splitReplicas({ replicas, weight: high, maxSurge })
        expect(after.canary).toBeGreaterThanOrEqual(before.canary)
        expect(after.stable).toBeLessThanOrEqual(before.stable)
      }),
    )
  })

  test.each([
    ['weight', { weight: -1 }],
    ['weight', { weight: 101 }],
    ['weight', { weight: Number.NaN }],
    ['replicas', { replicas: 0 }],
    ['maxSurge', { maxSurge: 'all' }],
  ])('refuses a wrong %s: %o', (field, wrong) => {
    const request = { replicas: 10, weight: 10, maxSurge: 0, ...wrong }
    const refusal = refusalOf(() => splitReplicas(request))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_CAPACITY_INVALID', details: { field } })
  })
})
