import type { Snapshot } from './snapshot.ts'
import type { LiteStatement } from './statement-kind.ts'

/** One statement, and the schema before and after it. */
export interface Step {
  readonly statement: LiteStatement
  readonly before: Snapshot
  readonly after: Snapshot
  /** The words of the database where it refused. */
  readonly error: string | undefined
}

/** What a whole migration did, statement by statement. */
export interface MigrationRun {
  readonly steps: readonly Step[]
  readonly origin: Snapshot
  readonly end: Snapshot
  /** False where nobody told the schema: then a table that is not there is no error. */
  readonly complete: boolean
}
