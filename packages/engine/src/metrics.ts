import type { CallOptions } from './router.ts'

/** Asks for one service level indicator of one release, over the time since `since`. */
export interface MetricsQuery {
  readonly service: string
  readonly release: string
  /** Name of the indicator, for example `errors`. */
  readonly indicator: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** Counts, or the statement that there are none. No data is never a pass. */
export type Samples =
  | { readonly data: true; readonly bad: number; readonly total: number }
  | { readonly data: false; readonly reason: string }

export interface Metrics {
  readonly name: string
  sample(query: MetricsQuery, options?: CallOptions): Promise<Samples>
}
