import type { Migration } from '../migration.ts'
import type { Effect } from '../rules/effect.ts'
import type { ReleaseUse } from './live-needs.ts'
import type { Directive, Place, Unreadable } from '../sql/statement.ts'

/** A statement of any dialect with all that reading it tells about it. */
export interface StatementEffects {
  readonly sql: string
  readonly place: Place
  /** Where `at` of one of its effects is in the file. */
  placeOf(at: number | undefined): Place
  /** Statements with the same number are one transaction; undefined where it is its own. */
  readonly transaction: number | undefined
  /** Whether the statement opens or ends a transaction. */
  readonly control: 'begin' | 'commit' | 'rollback' | undefined
  readonly effects: readonly Effect[]
}

/** A migration of any dialect, read. */
export interface MigrationEffects {
  readonly migration: Migration
  readonly statements: readonly StatementEffects[]
  readonly directives: readonly Directive[]
  readonly unreadable: readonly Unreadable[]
}

/** What reading tells about migrations, and about the releases that are live while they run. */
export interface ReadEffects {
  readonly migrations: readonly MigrationEffects[]
  /** Undefined where nobody said who is live. */
  readonly releases: readonly ReleaseUse[] | undefined
}
