import type { Phase } from './phase.ts'

/** SQL dialects that are judged. */
export type Dialect = 'postgres' | 'mysql' | 'mariadb' | 'sqlite'

/**
 * What the runner of the migrations puts into one transaction.
 *
 * - `each`: each migration is a transaction of its own, except one that is nothing but a single statement which the server
 *   refuses inside a transaction; such a one is sent by itself
 * - `all`: all pending migrations are one transaction
 * - `none`: each statement is its own transaction, unless the file says `BEGIN`
 */
export type TransactionMode = 'each' | 'all' | 'none'

/** One migration, as its tool stores it. */
export interface Migration {
  /** What its tool calls it; orders and names it in journals and reports. */
  readonly id: string
  /** Path shown in findings. */
  readonly file: string
  /** What goes up, exactly as it is sent. */
  readonly sql: string
  /** Line of the file on which `sql` begins, from 1, where the file holds more than that. @default 1 */
  readonly firstLine?: number
  /** What the file itself says about its transaction; else the runner's mode holds. */
  readonly transaction?: 'own' | 'none'
  /** What its author says it is; a directive in the file says the same. */
  readonly phase?: Phase
}
