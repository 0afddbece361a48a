import type { ReleaseTraffic, TrafficSample } from '@changeover/engine'
import { SLOW_BOUNDS_MS } from './traffic-bounds.ts'

/**
 * Reads the counts of the Lua program, one a line: `T:6131 20` for all of release `a1`, `B:` for the bad ones, and `S:6131:3`
 * for those whose time was within the third bound and no smaller one.
 */
export function parseTraffic(text: string): TrafficSample {
  const counts = new Map(
    text.split('\n').flatMap((line) => {
      const [key = '', value = ''] = line.split(' ')
      return key === '' ? [] : [[key, Number(value)] as const]
    }),
  )
  const releases = [...counts.keys()].flatMap((key) => (key.startsWith('T:') ? [key.slice(2)] : []))
  return Object.fromEntries(
    releases.map((hex) => [Buffer.from(hex, 'hex').toString(), releaseTraffic(hex, counts)]),
  )
}

function releaseTraffic(hex: string, counts: ReadonlyMap<string, number>): ReleaseTraffic {
  const total = counts.get(`T:${hex}`) ?? 0
  const slow: Record<string, number> = {}
  let slower = total
  for (const [i, bound] of SLOW_BOUNDS_MS.entries()) {
    slower -= counts.get(`S:${hex}:${i + 1}`) ?? 0
    slow[bound] = Math.max(0, slower)
  }
  return { total, bad: counts.get(`B:${hex}`) ?? 0, slow }
}
