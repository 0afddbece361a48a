import type { ReleaseTraffic, TrafficSample } from '@changeover/engine'

/** The bounds in milliseconds for which {@link ReleaseTraffic.slow} says how many requests took longer. */
export const SLOW_BOUNDS_MS: readonly number[] = Object.freeze([
  1, 2, 5, 10, 20, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000,
  5_000, 10_000, 30_000,
])

/** Counts of one release, kept in place: they are touched once per request. */
export interface Tally {
  total: number
  bad: number
  /** By the first bound that was not exceeded; those that exceeded all of them come last. */
  readonly times: number[]
}

/** Counts a request that took `ms` until its answer began, or was given up. */
export function countAnswer(tally: Tally, bad: boolean, ms: number): void {
  let bound = 0
  while (ms > (SLOW_BOUNDS_MS[bound] ?? Infinity)) bound += 1
  tally.times[bound] = (tally.times[bound] ?? 0) + 1
  tally.total += 1
  if (bad) tally.bad += 1
}

function newTally(): Tally {
  return { total: 0, bad: 0, times: Array.from({ length: SLOW_BOUNDS_MS.length + 1 }, () => 0) }
}

function read({ total, bad, times }: Tally): ReleaseTraffic {
  const slow: Record<string, number> = {}
  let slower = total
  for (const [i, bound] of SLOW_BOUNDS_MS.entries()) {
    slower -= times[i] ?? 0
    slow[bound] = slower
  }
  return { total, bad, slow }
}

/** Counts per release since the router started. */
export interface Traffic {
  /** The counts of a release: one and the same object for as long as it is remembered. */
  of(release: string): Tally
  /** Remembers the releases of the newest table, and forgets those that were last seen longest ago. */
  seen(releases: readonly string[]): void
  sample(): TrafficSample
}

/** Releases whose counts are kept after their last table; the judge only ever asks for two. */
const RELEASES_KEPT = 16

/** Starts counting at zero. */
export function trafficCounts(): Traffic {
  const tallies = new Map<string, Tally>()

  const of = (release: string): Tally => {
    const known = tallies.get(release)
    if (known) return known
    const tally = newTally()
    tallies.set(release, tally)
    return tally
  }

  return {
    of,
    seen(releases) {
      for (const release of releases) {
        const tally = of(release)
        tallies.delete(release)
        tallies.set(release, tally)
      }
      const kept = Math.max(RELEASES_KEPT, releases.length)
      for (const release of tallies.keys()) {
        if (tallies.size <= kept) break
        tallies.delete(release)
      }
    },
    sample: () =>
      Object.fromEntries([...tallies].map(([release, tally]) => [release, read(tally)])),
  }
}
