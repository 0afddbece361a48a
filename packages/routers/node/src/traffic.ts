import type { TrafficSample } from '@changeover/engine'

/** Counts of one release, kept in place: they are touched once per request. */
export interface Tally {
  total: number
  bad: number
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
    const tally = { total: 0, bad: 0 }
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
      Object.fromEntries([...tallies].map(([release, tally]) => [release, { ...tally }])),
  }
}
