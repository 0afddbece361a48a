import type { RouteTable } from '@changeover/engine'

/** What became of writing a table down. `doubtful`: it may or may not come back after a crash. */
export type Kept =
  | { readonly outcome: 'kept' }
  | { readonly outcome: 'refused' | 'doubtful'; readonly reason: string }

/** Where tables outlive the process: each is written down before it goes in force. */
export interface RouteMemory {
  /** The last table of each service, from before. */
  readonly tables: readonly RouteTable[]
  /** Does not throw. Called for one table at a time. */
  keep(table: RouteTable): Promise<Kept>
}
