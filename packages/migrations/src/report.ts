import type { Finding, Verdict } from './finding.ts'
import type { Phase } from './phase.ts'

/** One migration with what was found out about it. */
export interface CheckedMigration {
  readonly id: string
  readonly file: string
  readonly verdict: Verdict
  /** The latest phase of its statements, by what they do. */
  readonly phase: Phase
  /** What its author said, where anything was said. */
  readonly declared?: Phase
}

/** The first step after which the release to go back to no longer runs; any live one, where none is named. */
export interface PointOfNoReturn {
  readonly migration: string
  readonly file: string
  readonly line: number
  /** Who cannot be gone back to from then on. */
  readonly releases: readonly string[]
}

/** What {@link checkMigrations} found. Plain data. */
export interface CheckReport {
  readonly verdict: Verdict
  readonly findings: readonly Finding[]
  readonly migrations: readonly CheckedMigration[]
  /** Undefined where those that it is about still run after the last step. */
  readonly pointOfNoReturn?: PointOfNoReturn
}
