import type { Verdict } from '@changeover/migrations'

/** A migration on the baseline that was written without looking at the rules. */
export interface IndependentCase {
  readonly id: string
  readonly sql: string
  /** Unsafe stands for refused: `unknown` will do as well. */
  readonly verdict: Verdict
  readonly setup?: string
  /** Major version of the server. @default 15 */
  readonly version?: number
  /** Where the runner's transaction changes the verdict. @default as `verdict` */
  readonly each?: Verdict
}

type Terms = Pick<IndependentCase, 'setup' | 'version' | 'each'>

/** A case that nobody who runs is hurt by, or only under a condition. */
export function safe(id: string, sql: string, terms: Terms = {}): IndependentCase {
  return { id, sql, verdict: 'safe', ...terms }
}

/** A case that has to be refused. */
export function unsafe(id: string, sql: string, terms: Terms = {}): IndependentCase {
  return { id, sql, verdict: 'unsafe', ...terms }
}
