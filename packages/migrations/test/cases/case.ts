import type { FindingClass, Verdict } from '@changeover/migrations'

/** A migration on the schema of `baseline.pg.sql`, and what it does. */
export interface Case {
  readonly id: string
  /** Runs before, and is part of the schema that is given. */
  readonly setup?: string
  readonly sql: string
  /** Lowest major version of the server that the expectation holds on. @default 15 */
  readonly from?: number
  readonly rule: string
  readonly verdict: Verdict
  /** Sorted. Of a safe case: empty. */
  readonly classes: readonly FindingClass[]
  /** The server refuses it, or not, as the rows are. */
  readonly fails?: boolean
}
