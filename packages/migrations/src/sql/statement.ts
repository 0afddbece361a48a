import type { Node } from 'libpg-query'

/** A place in a file, both from 1; columns in UTF-16 code units. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** One statement of a migration, read by the grammar of the server itself. */
export interface Statement {
  /** Place in its migration, from 0. */
  readonly index: number
  /** As it is sent, without the closing semicolon. */
  readonly sql: string
  /** Name of its node in the syntax tree, such as `AlterTableStmt`. */
  readonly kind: string
  readonly node: Node
  /** Where the statement begins in its file. */
  readonly place: Place
  /** Where a `location` of its syntax tree (an offset in bytes) is in the file. */
  placeOf(location: number | undefined): Place
  /**
   * The transaction that it runs in: statements with the same number share one. Undefined where it is its own. `BEGIN` and `COMMIT`
   * themselves count as inside of what they open and close.
   */
  readonly transaction: number | undefined
  /**
   * What it does is undone by a ROLLBACK later in the plan. The locks that it takes are held, and its work is done, all the same.
   */
  readonly rolledBack: boolean
  /** Statements inside a DO block, which run as one with it. Empty for all others. */
  readonly inner: readonly Statement[]
  /** SQL that is only put together when it runs (EXECUTE in a DO block): what it does cannot be read. */
  readonly dynamic: boolean
  /** Of one inside a DO block: it stands in a loop that does not commit, so that it runs many times in one transaction. */
  readonly repeated?: boolean
  /** Of a COMMIT or ROLLBACK inside a DO block: the block is part of a transaction, which only its own end may end. */
  readonly misplaced?: boolean
}

/** What a file says about itself in comments such as `-- changeover: phase expand`. */
export type Directive =
  | { readonly says: 'phase'; readonly phase: string; readonly place: Place }
  | {
      readonly says: 'ignore'
      readonly rule: string
      readonly reason: string
      /** A version or an ISO date; from then on the directive itself is a finding. */
      readonly until: string
      readonly place: Place
      /** Index of the statement that it stands before, or undefined where it stands before the first and covers the file. */
      readonly statement: number | undefined
    }

/** Why a file could not be read as it stands. */
export interface Unreadable {
  /** A rule id, such as `syntax-error`, `nul-byte`, `psql-command`, `statement-too-large`, `directive-invalid`. */
  readonly rule: string
  readonly place: Place
  /** The words of the server, or what is wrong with the directive. */
  readonly problem: string
  readonly statement: string
}

/** A `BEGIN` that its file never ends. */
export interface Unclosed {
  readonly begin: Statement
  /** The runner sends a COMMIT of its own after the file; without one, locks stay until the connection ends and all is lost. */
  readonly runnerCommits: boolean
}

/** A migration after reading. */
export interface Script {
  readonly statements: readonly Statement[]
  readonly directives: readonly Directive[]
  /** Where any: `statements` holds what was readable, and the verdict is `unknown`. */
  readonly unreadable: readonly Unreadable[]
  /** Undefined where the file ends what it begins. */
  readonly unclosed: Unclosed | undefined
}
