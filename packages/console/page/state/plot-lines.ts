import { shareText } from './share-text.ts'
import { type Traffic, type TrafficPoint, seenOf } from './traffic.ts'
import type { WeightPoint, Weights } from './weights.ts'

export interface Lines {
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[]
  /** For each release asked for, in that order. */
  readonly values: readonly (readonly (number | undefined)[])[]
}

/** Shares of the traffic from 0 to 1, from what was there `before` the rollout until now or its end. */
export function weightLines(
  { points }: Weights,
  releases: readonly string[],
  before: WeightPoint,
  until: number,
): Lines {
  const known = [before, ...points]
  const last = known.at(-1) ?? before
  const all = [...known, { at: Math.max(until, last.at + 1), weights: last.weights }]
  return {
    times: all.map(({ at }) => at),
    values: releases.map((release) => all.map(({ weights }) => (weights[release] ?? 0) / 10_000)),
  }
}

/** A share of the requests of each interval. */
export function trafficLines(
  { intervals }: Traffic,
  releases: readonly string[],
  share: (point: TrafficPoint) => number | undefined,
): Lines {
  const [first] = intervals
  // An interval is a span: what was seen in the first one began with it.
  const all = first ? [{ ...first, at: first.at - first.seconds * 1000 }, ...intervals] : []
  return {
    times: all.map(({ at }) => at),
    values: releases.map((release) =>
      all.map((interval) => {
        const point = interval.releases[release]
        return point && share(point)
      }),
    ),
  }
}

/** What the lines end at, in words: `v2 25%, v1 75%`. */
export function lastText(lines: Lines, releases: readonly string[]): string {
  return releases
    .map(
      (release, index) =>
        `${release} ${shareText(lines.values[index]?.findLast((value) => value !== undefined))}`,
    )
    .join(', ')
}

export interface TrafficRow {
  readonly release: string
  readonly perSecond: number
  readonly requests: number
  readonly bad: number | undefined
  readonly slow: number | undefined
}

/** The same as numbers, since the page was opened. */
export function trafficRows(
  traffic: Traffic,
  releases: readonly string[],
  bound: string | undefined,
): readonly TrafficRow[] {
  return releases.map((release) => {
    const { perSecond, requests, bad, slow } = seenOf(traffic, release, bound)
    return {
      release,
      perSecond,
      requests,
      bad,
      slow: bound === undefined ? undefined : slow[bound],
    }
  })
}
