import type { Statement } from '../sql/statement.ts'
import type { Effect } from './effect.ts'

/** A statement with what it does by itself. */
export interface JudgedStatement {
  readonly statement: Statement
  readonly effects: readonly Effect[]
}
