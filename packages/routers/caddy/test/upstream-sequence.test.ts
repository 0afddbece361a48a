import { FULL_WEIGHT, type Pool } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_ENTRIES, upstreamSequence } from '../src/upstream-sequence.ts'

const split = fc.integer({ min: 1, max: FULL_WEIGHT - 1 })
const count = fc.integer({ min: 1, max: 5 })

describe('the sequence of upstreams', () => {
  it('has the exact share of each release, and no more entries than Caddy bears', () => {
    fc.assert(
      fc.property(split, count, count, (weight, many, few) => {
        const sequence = upstreamSequence([
          pool('a', FULL_WEIGHT - weight, many),
          pool('b', weight, few),
        ])
        const share = sequence.filter((address) => address.startsWith('b')).length / sequence.length
        expect(share * FULL_WEIGHT).toBeCloseTo(weight, 6)
        expect(sequence.length).toBeLessThanOrEqual(MAX_ENTRIES)
      }),
      { numRuns: 30 },
    )
  })

  it('is within 2 requests of the share after any number of them', () => {
    fc.assert(
      fc.property(split, split, (one, other) => {
        const [low = 0, high = 0] = [one, other].sort((a, b) => a - b)
        expect(
          worstError([pool('a', low, 1), pool('b', FULL_WEIGHT - low, 1)]),
        ).toBeLessThanOrEqual(2)
        const three = [
          pool('a', low, 1),
          pool('b', high - low, 1),
          pool('c', FULL_WEIGHT - high, 1),
        ]
        expect(worstError(three)).toBeLessThanOrEqual(2)
      }),
      { numRuns: 20 },
    )
  })

  it.each([2, 5, 7, 10, 100])('gives every %ith request its share too', (period) => {
    const sequence = upstreamSequence([pool('a', 9_000, 1), pool('b', 1_000, 1)])
    const rounds = Array.from({ length: 1_000 }, (_, i) => sequence[(i * period) % sequence.length])
    const hits = rounds.filter((address) => address?.startsWith('b')).length
    expect(hits).toBeGreaterThan(50)
    expect(hits).toBeLessThan(200)
  })

  it('names each instance of a release that has all traffic once, and each one of a release that has a hundredth', () => {
    expect(upstreamSequence([pool('a', FULL_WEIGHT, 3), pool('b', 0, 2)])).toEqual([
      'a1:80',
      'a2:80',
      'a3:80',
    ])
    const spread = upstreamSequence([pool('a', 9_900, 2), pool('b', 100, 40)])
    expect(new Set(spread).size).toBe(42)
  })

  it('is empty where there is no weight', () => {
    expect(upstreamSequence([])).toEqual([])
  })
})

/** By how many requests a release is furthest from its share, after any number of them. */
function worstError(pools: readonly Pool[]): number {
  const sequence = upstreamSequence(pools)
  const errors = pools.map(({ release, weight }) => {
    let seen = 0
    let worst = 0
    for (const [i, address] of sequence.entries()) {
      if (address.startsWith(release)) seen += 1
      worst = Math.max(worst, Math.abs(seen - ((i + 1) * weight) / FULL_WEIGHT))
    }
    return worst
  })
  return Math.max(...errors)
}

function pool(release: string, weight: number, size: number): Pool {
  const instances = Array.from({ length: size }, (_, i) => {
    return { id: `${release}-${i + 1}`, address: `${release}${i + 1}:80` }
  })
  return { release, weight, instances }
}
