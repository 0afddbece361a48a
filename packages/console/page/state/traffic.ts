import type { TrafficView } from '../../src/api/index.ts'

/** What a release was seen to do between two samples. */
export interface TrafficPoint {
  readonly requests: number
  /** Share of requests that failed; undefined without requests. */
  readonly bad: number | undefined
  /** Share of requests slower than each bound in milliseconds. */
  readonly slow: Readonly<Record<string, number>>
}

export interface TrafficInterval {
  readonly at: number
  readonly seconds: number
  readonly releases: Readonly<Record<string, TrafficPoint>>
}

export interface Traffic {
  readonly last: TrafficView | undefined
  readonly intervals: readonly TrafficInterval[]
}

export const noTraffic: Traffic = { last: undefined, intervals: [] }

/** Ten minutes at one sample a second. */
const longest = 600

/** The traffic with one more sample of counts since the router's start. */
export function addTraffic(traffic: Traffic, sample: TrafficView): Traffic {
  const { last, intervals } = traffic
  if (last === undefined) return { last: sample, intervals }
  if (sample.at <= last.at) return traffic
  const next = { at: sample.at, seconds: (sample.at - last.at) / 1000, releases: {} }
  const releases = Object.fromEntries(
    Object.entries(sample.releases).map(([id, now]) => [id, pointOf(now, last.releases[id])]),
  )
  return { last: sample, intervals: [...intervals, { ...next, releases }].slice(-longest) }
}

type Counts = TrafficView['releases'][string]

function pointOf(now: Counts, known: Counts | undefined): TrafficPoint {
  // A router that restarted counts from 0 again.
  const before = known !== undefined && known.total <= now.total ? known : { total: 0, bad: 0 }
  const requests = now.total - before.total
  const share = (count: number): number => Math.min(1, Math.max(0, count) / requests)
  const slow = Object.entries(now.slow ?? {}).map(
    ([bound, count]) => [bound, share(count - (before.slow?.[bound] ?? 0))] as const,
  )
  return requests > 0
    ? { requests, bad: share(now.bad - before.bad), slow: Object.fromEntries(slow) }
    : { requests: 0, bad: undefined, slow: {} }
}

/** The bound that is plotted: the lowest for which anything was slow, or else the lowest of all. */
export function slowBound(traffic: Traffic): string | undefined {
  const bounds = [
    ...new Set(
      Object.values(traffic.last?.releases ?? {}).flatMap((one) => Object.keys(one.slow ?? {})),
    ),
  ].toSorted((a, b) => Number(a) - Number(b))
  const middle = bounds.find((bound) => Number(bound) >= 300)
  return middle ?? bounds.at(-1)
}

/** All that was seen of a release while the page was open. */
export function seenOf(
  traffic: Traffic,
  release: string,
  bound: string | undefined,
): TrafficPoint & { readonly perSecond: number } {
  const points = traffic.intervals
    .map((one) => one.releases[release])
    .filter((one) => one !== undefined)
  const sum = (of: (point: TrafficPoint) => number): number =>
    points.reduce((total, point) => total + of(point), 0)
  const requests = sum((point) => point.requests)
  const last = traffic.intervals.at(-1)
  const perSecond = last ? (last.releases[release]?.requests ?? 0) / last.seconds : 0
  if (requests === 0) return { requests, bad: undefined, slow: {}, perSecond }
  const share = (of: (point: TrafficPoint) => number): number =>
    sum((point) => of(point) * point.requests) / requests
  return {
    requests,
    bad: share((point) => point.bad ?? 0),
    slow: bound === undefined ? {} : { [bound]: share((point) => point.slow[bound] ?? 0) },
    perSecond,
  }
}
