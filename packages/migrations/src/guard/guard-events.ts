import type { Phase } from '../phase.ts'

/** A session that holds what the guard waits for. */
export interface Blocker {
  readonly pid: number
  readonly application: string
  readonly query: string
  /** How long its transaction is open, in milliseconds. */
  readonly ageMs: number
}

/** Which step an event is about. */
export interface StepRef {
  readonly migration: string
  readonly file: string
  /** From 0. */
  readonly step: number
}

/** How far a backfill has come. */
export interface BackfillProgress {
  readonly backfill: string
  /** Rows that its batches have changed, over all runs. */
  readonly rows: number
  readonly batches: number
  /** The last key that is done, as text. */
  readonly position: string | undefined
}

/** What the guard tells while it works. Plain data; every journal write has one before and one after it. */
export type GuardEvent =
  | { readonly type: 'lock-waiting'; readonly holder: string }
  | { readonly type: 'lock-taken' }
  | {
      readonly type: 'judged'
      readonly phase: Phase
      readonly verdict: string
      readonly locked: boolean
    }
  | ({
      readonly type:
        | 'step-planned'
        | 'step-starting'
        | 'step-started'
        | 'step-committing'
        | 'step-done'
    } & StepRef)
  | ({ readonly type: 'step-found' } & StepRef)
  | ({
      readonly type: 'step-blocked'
      readonly attempt: number
      readonly blockers: readonly Blocker[]
    } & StepRef)
  | ({ readonly type: 'step-failed'; readonly problem: string } & StepRef)
  | { readonly type: 'index-dropped'; readonly index: string }
  | ({ readonly type: 'batch-committing' | 'batch-done' } & BackfillProgress)
  | { readonly type: 'backfill-done'; readonly backfill: string }
  | { readonly type: 'floor-set'; readonly service: string; readonly release: string }

/** Takes events; what it throws ends the run. */
export type GuardListener = (event: GuardEvent) => void
