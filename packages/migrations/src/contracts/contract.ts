/** One query that a release sends. */
export interface ContractQuery {
  /** Hash of the normalised text. */
  readonly id: string
  /** As sent, white space and comments normalised. */
  readonly sql: string
  /** Types of `$1` and so on as the server resolved them; empty where it was not asked. */
  readonly parameters: readonly string[]
  /** Columns that come back; undefined where the server was not asked. */
  readonly result?: readonly { readonly name: string; readonly type: string }[]
  /** Sent as a named prepared statement: warm ones fail where the shape of the result changes. */
  readonly named: boolean
  /** Values that a test sent; recorded only where the recorder was told to. */
  readonly values?: readonly unknown[]
}

/** What one release really asks of the database. */
export interface Contract {
  /** Version of this format. */
  readonly version: 1
  readonly release: string
  readonly queries: readonly ContractQuery[]
}

/** A release that may run now, or be gone back to. */
export interface LiveRelease {
  readonly release: string
  /** Left out: its needs are unknown, so nothing may be taken away. */
  readonly contract?: Contract
}
