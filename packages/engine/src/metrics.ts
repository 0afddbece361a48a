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
  /** What {@link Metrics.mark} gave at `since`, whichever engine asked for it; absent where the port has no `mark`. */
  readonly mark?: MetricsMark
}

/** Where the counting began, in the port's own terms: plain JSON, since it goes through the journal. */
export type MetricsMark = Readonly<Record<string, unknown>>

/** Counts or values, or the statement that there are none. No data is never a pass. */
export type Samples =
  | { readonly data: true; readonly bad: number; readonly total: number }
  | { readonly data: true; readonly values: readonly number[] }
  | NoData

/** Never a pass. */
export interface NoData {
  readonly data: false
  readonly reason: string
}

export interface Metrics {
  readonly name: string
  /** Counts since `since`, bad ones among all. Whoever cannot tell says so; a rejection counts as no data. */
  sample(query: MetricsQuery, options?: CallOptions): Promise<Samples>
  /**
   * For ports that cannot look back: what is counted now. Asked when a judge begins, journaled, and handed back with every
   * question, so that an engine that is restarted in the middle neither loses what was seen nor counts it twice.
   */
  mark?(service: string, options?: CallOptions): Promise<MetricsMark>
  /**
   * Called when a plan is made. Rejects with a coded error for an indicator that is not known: a misspelt one would
   * never have data.
   */
  check?(indicator: IndicatorCheck, options?: CallOptions): Promise<void>
}
