import {
  checkRouteTable,
  FULL_WEIGHT,
  type Pool,
  proportionalWeights,
  routesAlike,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRouted } from '../src/route-table.ts'
import { poolOf, tableOf } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const counts = fc.array(fc.oneof(fc.nat(20), fc.nat(100_000)), { minLength: 1, maxLength: 20 })
const someCounts = counts.filter((all) => all.some((count) => count > 0))
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

describe('proportional weights', () => {
  test.each([
    [
      [5, 3],
      [6250, 3750],
    ],
    [
      [1, 1, 1],
      [3334, 3333, 3333],
    ],
    [
      [2, 0],
      [10_000, 0],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [[], []],
    [
      [100_000, 1],
      [9_999, 1],
    ],
    [
      [1_000_000, 1, 1, 0],
      [9_998, 1, 1, 0],
    ],
  ])('of %o are %o', (counts, expected) => {
    expect(proportionalWeights(counts)).toStrictEqual(expected)
  })

  test('are whole and sum to everything exactly', () => {
    fc.assert(
      fc.property(someCounts, (counts) => {
        const weights = proportionalWeights(counts)
        expect(sum(weights)).toBe(FULL_WEIGHT)
        expect(weights.every(Number.isInteger)).toBe(true)
      }),
    )
  })

  test('give at least one basis point to whoever counts, and none to whoever does not', () => {
    fc.assert(
      fc.property(someCounts, (counts) => {
        for (const [i, weight] of proportionalWeights(counts).entries()) {
          expect(weight > 0).toBe(counts[i]! > 0)
        }
      }),
    )
  })

  test('miss the exact share by less than one basis point, where every share is at least that large', () => {
    const similar = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(similar, (counts) => {
        const total = sum(counts)
        for (const [i, weight] of proportionalWeights(counts).entries()) {
          expect(Math.abs(weight - (counts[i]! * FULL_WEIGHT) / total)).toBeLessThan(1)
        }
      }),
    )
  })

  test('of more than can have a basis point each still sum to everything, and are never negative', () => {
    const weights = proportionalWeights([...Array.from({ length: 12_000 }, () => 1), 0])
    expect(sum(weights)).toBe(FULL_WEIGHT)
    expect(Math.min(...weights)).toBe(0)
  })
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, -1])('%d is no count to weigh by', (count) => {
  expect(refusalOf(() => proportionalWeights([count, 1])).code).toBe('CHANGEOVER_OPTION_INVALID')
})

describe('checking a table', () => {
  test.each<[string, Pool[]]>([
    ['one pool', [poolOf('a', 10_000)]],
    ['two pools', [poolOf('a', 9_999), poolOf('b', 1)]],
    ['no pool at all', []],
    ['a pool without weight and without instances', [poolOf('a', 10_000), poolOf('b', 0, [])]],
  ])('accepts %s', (_, pools) => {
    const table = tableOf(pools)
    expect(checkRouteTable(table)).toBe(table)
  })

  test.each<[string, Pool[], string]>([
    ['too little weight', [poolOf('a', 9_999)], 'weights sum to 9999'],
    ['too much weight', [poolOf('a', 9_999), poolOf('b', 2)], 'weights sum to 10001'],
    ['no weight', [poolOf('a', 0)], 'weights sum to 0'],
    [
      'a part of a basis point',
      [poolOf('a', 9_999.5), poolOf('b', 0.5)],
      'pool "a" has weight 9999.5',
    ],
    ['a negative weight', [poolOf('a', 10_001), poolOf('b', -1)], 'pool "b" has weight -1'],
    ['no number', [poolOf('a', Number.NaN)], 'pool "a" has weight NaN'],
    [
      'weight without instances',
      [poolOf('a', 10_000, [])],
      'pool "a" has weight 10000 and no instance',
    ],
    [
      'a release in two pools',
      [poolOf('a', 5_000), poolOf('a', 5_000)],
      'a release appears in two pools',
    ],
    [
      'an instance in two pools',
      [poolOf('a', 5_000, ['one']), poolOf('b', 5_000, ['one'])],
      'an instance appears twice',
    ],
  ])('refuses %s', (_, pools, problem) => {
    const refusal = refusalOf(() => checkRouteTable(tableOf(pools)))
    expect(refusal).toMatchObject({
      code: 'CHANGEOVER_WEIGHTS_INVALID',
      details: { service: 'shop', problem },
    })
  })
})

describe('two tables', () => {
  const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  })
  const pools = fc.uniqueArray(
    fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.nat(10_000), ids),
    { minLength: 1, maxLength: 5, selector: ([release]) => release },
  )

  test('route alike in whatever order their pools and instances come', () => {
    fc.assert(
      fc.property(pools, (drawn) => {
        const table = tableOf(drawn.map(([...parts]) => poolOf(...parts)))
        const turned = drawn.map(([release, weight, ids]) =>
          poolOf(release, weight, ids.toReversed()),
        )
        expect(routesAlike(table, tableOf(turned.toReversed(), { revision: 9, fence: 9 }))).toBe(
          true,
        )
      }),
    )
  })

  const table = tableOf([poolOf('a', 6_000, ['a1', 'a2']), poolOf('b', 4_000, ['b1'])])

  test.each<[string, Pool[]]>([
    ['another weight', [poolOf('a', 6_001, ['a1', 'a2']), poolOf('b', 3_999, ['b1'])]],
    ['an instance less', [poolOf('a', 6_000, ['a1']), poolOf('b', 4_000, ['b1'])]],
    ['another instance', [poolOf('a', 6_000, ['a1', 'a3']), poolOf('b', 4_000, ['b1'])]],
    [
      'an instance in the other pool',
      [poolOf('a', 6_000, ['a1']), poolOf('b', 4_000, ['b1', 'a2'])],
    ],
    ['another release', [poolOf('a', 6_000, ['a1', 'a2']), poolOf('c', 4_000, ['b1'])]],
    ['a pool less', [poolOf('a', 6_000, ['a1', 'a2'])]],
    [
      'another address',
      [
        poolOf('a', 6_000, ['a1', 'a2']),
        { ...poolOf('b', 4_000), instances: [{ id: 'b1', address: 'x:1' }] },
      ],
    ],
  ])('do not where one has %s', (_, pools) => {
    expect(routesAlike(table, tableOf(pools))).toBe(false)
    expect(routesAlike(tableOf(pools), table)).toBe(false)
  })

  test('do not where they belong to different services', () => {
    expect(routesAlike(table, { ...table, service: 'mail' })).toBe(false)
  })
})

test('a table names the instances of its pools, those without weight too', () => {
  const table = tableOf([poolOf('a', 10_000, ['a1']), poolOf('b', 0, ['b1'])])
  expect(['a1', 'b1', 'c1', 'a'].map((id) => isRouted(table, id))).toStrictEqual([
    true,
    true,
    false,
    false,
  ])
  expect(isRouted(table, 'b1')).toBe(true)
})
