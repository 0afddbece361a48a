import type { Phase } from './phase.ts'

/**
 * What goes wrong: `compat` breaks a release that is still running, `lock` keeps its queries waiting while the server works
 * through a table, `data` loses or spoils rows.
 */
export type FindingClass = 'compat' | 'lock' | 'data'

/** `unknown` is refused as `unsafe` is. `safe` marks a note: what holds only under a condition that the message names. */
export type Verdict = 'safe' | 'unsafe' | 'unknown'

/** One thing that a step does, and what it means for those who are running. */
export interface Finding {
  /** Stable name of the rule; `docs/migration-rules.md` explains each. */
  readonly rule: string
  readonly classes: readonly FindingClass[]
  readonly verdict: Verdict
  /** The phase that the statement belongs to, by what it does. */
  readonly phase: Phase
  /** Id of the migration. */
  readonly migration: string
  readonly file: string
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 code units as editors count. */
  readonly column: number
  /** The statement as written. */
  readonly statement: string
  /** What it blocks or breaks, and for whom. */
  readonly message: string
  readonly why: string
  /** The safe sequence, with the names of the case filled in. */
  readonly fix: string
  /** The release that breaks, where it is known. */
  readonly release?: string
  /** The query that breaks, where it is known. */
  readonly query?: string
  /** What the server answered, where it was asked. */
  readonly error?: { readonly code: string; readonly message: string }
  /** Set where a directive in the file accepts the finding: it no longer counts. */
  readonly ignored?: { readonly reason: string; readonly until: string }
}

/** The worse one of the two; what is unsafe for certain says more than what is unknown. */
export function worseVerdict(one: Verdict, other: Verdict): Verdict {
  const order: readonly Verdict[] = ['safe', 'unknown', 'unsafe']
  return order.indexOf(one) >= order.indexOf(other) ? one : other
}
