import type { ReleaseTraffic, TrafficSample } from './router.ts'

/** What was counted from `from` to `now`. A bound that only `from` knows counts as 0 now. */
export function trafficSince(now: ReleaseTraffic, from: ReleaseTraffic): ReleaseTraffic {
  const bounds = Object.keys({ ...from.slow, ...now.slow })
  const slow = bounds.map((bound): [string, number] => [
    bound,
    over(now, bound) - over(from, bound),
  ])
  return { total: now.total - from.total, bad: now.bad - from.bad, slow: Object.fromEntries(slow) }
}

/** Whether counts fell, or vanished: a counter never does that by itself, so it began anew. */
export function fellBehind(now: TrafficSample, before: TrafficSample): boolean {
  return Object.entries(before).some(([release, old]) => {
    const current = now[release] ?? { total: 0, bad: 0 }
    const fell = current.total < old.total || current.bad < old.bad
    const bounds = Object.keys(old.slow ?? {})
    return fell || bounds.some((bound) => over(current, bound) < over(old, bound))
  })
}

function over({ slow }: ReleaseTraffic, bound: string): number {
  return slow?.[bound] ?? 0
}
