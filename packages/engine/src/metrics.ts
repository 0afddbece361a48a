import type { CallOptions } from './router.ts'

/** Names one service level indicator. */
export interface Indicator {
  /** For example `errors`. */
  readonly indicator: string
  /** Requests slower than this are the bad ones, in milliseconds; without it, failed requests are. */
  readonly overMs?: number
  /** `counts` of bad requests and of all, or the `values` of a gauge. @default 'counts' */
  readonly as?: 'counts' | 'values'
}

/** An indicator of a plan that is being made. */
export interface IndicatorCheck extends Indicator {
  /** Where known, what the plan is for: the same indicator may be there for one service only. */
  readonly service?: string
}

/** Asks for one service level indicator of one release, over the time since `since`. */
export interface MetricsQuery extends Indicator {
  readonly service: string
  readonly release: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** Counts or values, or the statement that there are none. No data is never a pass. */
export type Samples =
  | { readonly data: true; readonly bad: number; readonly total: number }
  | { readonly data: true; readonly values: readonly number[] }
  | { readonly data: false; readonly reason: string }

export interface Metrics {
  readonly name: string
  /** Counts since `since`, bad ones among all. Whoever cannot tell says so; a rejection counts as no data. */
  sample(query: MetricsQuery, options?: CallOptions): Promise<Samples>
  /**
   * Called when a plan is made. Rejects with a coded error for an indicator that is not known: a misspelt one would
   * never have data.
   */
  check?(indicator: IndicatorCheck, options?: CallOptions): Promise<void>
}
