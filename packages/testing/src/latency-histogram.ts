import { createHistogram } from 'node:perf_hooks'

/** Milliseconds; all 0 while nothing has been recorded. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** Times in constant memory, to three significant figures, from a microsecond to an hour. */
export interface LatencyHistogram {
  record(ms: number): void
  read(): Latency
}

const hourUs = 3_600_000_000

/** Creates an empty histogram. */
export function latencyHistogram(): LatencyHistogram {
  const histogram = createHistogram({ lowest: 1, highest: hourUs, figures: 3 })
  const percentile = (p: number): number => (histogram.count ? histogram.percentile(p) / 1000 : 0)
  return {
    // Beyond the highest value a histogram forgets; a wait of more than an hour counts as an hour.
    record: (ms) => histogram.record(Math.min(hourUs, Math.max(1, Math.round(ms * 1000)))),
    read: () => ({
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      max: percentile(100),
    }),
  }
}
