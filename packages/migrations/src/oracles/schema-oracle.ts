import type { ClientConfig } from 'pg'
import type { LockWork } from '../rules/effect.ts'

/** A database that can be asked what a step does. The oracle decides; the static layer explains. */
export interface SchemaOracle {
  readonly name: string
  /** Major version of the server. */
  readonly serverVersion: number
  /**
   * A scratch database with this schema and at least a few rows in each table.
   *
   * @throws MigrationError `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema itself does not load
   */
  open(schema: string, options?: { readonly signal?: AbortSignal }): Promise<OracleSession>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** One query as a release sends it. */
export interface OracleQuery {
  readonly sql: string
  /** Values for `$1` and so on; made up from the types where none are given. */
  readonly values?: readonly unknown[]
}

export interface QueryOutcome {
  /** What the server answered where it refused. */
  readonly error?: { readonly code: string; readonly message: string }
  /** Names and types of the columns that come back; empty where none do. */
  readonly shape: readonly { readonly name: string; readonly type: string }[]
}

/** What the server really did while a statement ran. */
export interface Observation {
  readonly error?: { readonly code: string; readonly message: string; readonly position?: number }
  /** SHARE UPDATE EXCLUSIVE and stronger on relations that were there before, each with the work done under it. */
  readonly locks: readonly LockWork[]
}

/** A table that no made-up row could be put into: work on it can go unseen. */
export interface UnfilledTable {
  /** `schema.name` as the server would print it. */
  readonly relation: string
  /** What the server answered at the last attempt. */
  readonly reason: string
}

/** A scratch database in use by one caller. */
export interface OracleSession {
  /** Tables that stayed empty. */
  readonly unfilled?: readonly UnfilledTable[]
  /** What of the schema was passed over, such as an extension that this server does not have. */
  readonly notes?: readonly string[]
  /** Prepares the queries as a release does at its start; {@link QueryOutcome.shape} is what it relies on from then on. */
  warm(queries: readonly OracleQuery[]): Promise<readonly QueryOutcome[]>
  /** Runs the warmed queries through the statements prepared then: what a running release sees. Changes nothing. */
  runWarm(): Promise<readonly QueryOutcome[]>
  /** Prepares and runs these queries anew: what a release sees that starts now. Changes nothing. */
  runFresh(queries: readonly OracleQuery[]): Promise<readonly QueryOutcome[]>
  /**
   * Runs the statements of one transaction and says for each what it did; after an error the rest is not run. Committed, unless `rollback`.
   * A statement that refuses a transaction comes alone.
   */
  run(
    statements: readonly string[],
    options?: { readonly transaction: boolean; readonly rollback?: boolean },
  ): Promise<readonly Observation[]>
  /**
   * How `pg` reaches this very database, for tools that run migrations themselves: each call of what comes back gives the
   * settings of one client. All clients have to be ended before `close()`.
   */
  clientSettings?(): Promise<() => ClientConfig>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
