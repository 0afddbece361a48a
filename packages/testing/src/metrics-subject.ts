import type { Duration, Indicator, Metrics } from '@changeover/engine'
import type { ConformanceCase, ConformanceSubject } from './conformance-case.ts'

/** Requests that a release answered. */
export interface ServedRequests {
  readonly total: number
  readonly bad: number
}

/** A metrics port to be tested, over a system that a test can make serve requests. */
export interface MetricsSubject extends ConformanceSubject {
  readonly metrics: Metrics
  readonly service: string
  /** Two releases that the system knows, and that have served nothing since the subject was made. */
  readonly releases: readonly [candidate: string, baseline: string]
  /** An indicator that gives counts of bad requests among all. */
  readonly counts: Indicator
  /** Lets a release answer requests. Resolves when they were answered; the port may see them later. */
  readonly serve: (release: string, requests: ServedRequests) => Promise<void>
  /** How long the port may take to see what was served. @default '20s' */
  readonly patience?: Duration
  /** By how much counts may be off, as a share, for systems that extrapolate. @default 0 */
  readonly precision?: number
  /** The time that `since` is given in. @default Date.now */
  readonly now?: () => number
  /** An indicator that gives the values of a gauge, where the port knows one. */
  readonly values?: Indicator
  /** Cuts the port off from what it asks. Without it, silence is not tested. */
  readonly silence?: () => Promise<void>
}

/** One sentence about every metrics port, and how it is checked. */
export type MetricsCase = ConformanceCase<MetricsSubject>
