/** How an instance proves that it is ready: an HTTP GET that answers with a 2xx status. */
export interface ReadinessCheck {
  /** @default '/readyz' */
  readonly path?: string
  /** Time for one answer, in milliseconds. @default 2000 */
  readonly timeoutMs?: number
  /** Time between two probes of an instance that is not ready yet, in milliseconds. @default 250 */
  readonly everyMs?: number
}

/** One immutable, deployable unit. Its id is never used for anything else. */
export interface Release {
  readonly id: string
  /** What people call it, for example `2.4.0`. */
  readonly version: string
  /** What the fleet needs to launch an instance; only the fleet reads it. Journaled, so it holds no secrets. */
  readonly spec: unknown
  readonly readiness?: ReadinessCheck
  /** Names the schema contract (the queries that this release runs), for the migration guard. */
  readonly contract?: string
}
