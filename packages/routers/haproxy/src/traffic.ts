import type { ReleaseTraffic, TrafficSample } from '@changeover/engine'
import { PLAIN_COUNTERS } from './request-rules.ts'
import { namesOf } from './service-names.ts'
import { type CountedRelease, parseCounts } from './runtime-reply.ts'
import type { ServiceSite } from './service-site.ts'

/** Requests without an answer, as far as they were ever surely seen. */
export type Unanswered = Map<string, number>

/**
 * Counts of each release since HAProxy started.
 *
 * HAProxy counts answers, not their absence: what is neither answered nor in flight got none. Two looks keep a request that
 * came or went between them from being taken for one, so the number is never too high, and right when all is quiet.
 */
export async function readTraffic(
  { runtime, service }: ServiceSite,
  known: Unanswered,
  signal: AbortSignal | undefined,
): Promise<TrafficSample> {
  const show = `show table ${namesOf(service.name).counts}`
  const [before = '', after = ''] = await runtime([show, show], signal)
  return trafficOf(parseCounts(before), parseCounts(after), known, service.slowBounds)
}

/** Sums up two looks at the counters, and notes in `known` what got no answer. */
export function trafficOf(
  before: readonly CountedRelease[],
  after: readonly CountedRelease[],
  known: Unanswered,
  slowBounds: readonly number[],
): TrafficSample {
  const begun = new Map(before.map(({ release, counters }) => [release, counters[0] ?? 0]))
  const entries = after.map(({ release, inFlight, counters }) => {
    const [total = 0, answered = 0, failed = 0] = counters
    const lost = Math.max(0, (begun.get(release) ?? 0) - answered - inFlight)
    const last = known.get(release) ?? 0
    // More than there are requests: HAProxy started anew.
    const unanswered = last + failed > total ? lost : Math.max(lost, last)
    known.set(release, unanswered)
    const slow = slowBounds.map((bound, i) => [bound, counters[i + PLAIN_COUNTERS] ?? 0])
    return [release, { total, bad: failed + unanswered, slow: Object.fromEntries(slow) }] as const
  })
  return Object.fromEntries<ReleaseTraffic>(entries)
}
