import type { Session } from './connect.ts'
import type { FloorMove } from './floor.ts'
import type { GuardEvent, StepRef } from './guard-events.ts'
import type { GuardSettings } from './guard-settings.ts'
import type { Journal } from './journal.ts'
import type { RunnerLock } from './runner-lock.ts'
import type { GuardStep } from './steps.ts'

/** What one run works with, under the lock. */
export interface RunContext {
  readonly settings: GuardSettings
  readonly session: Session
  readonly journal: Journal
  readonly lock: RunnerLock
  /** Tells this run from others in the tables. */
  readonly token: string
  readonly tell: (event: GuardEvent) => void
  /** Resolves while a backfill may go on. */
  readonly whileNotPaused: () => Promise<void>
  /** Where the phase takes something away: who may still start once it has begun. */
  readonly floor: FloorMove | undefined
  readonly signal: AbortSignal | undefined
}

/** The step in events. */
export function stepRef({ migration, index }: GuardStep): StepRef {
  return { migration: migration.id, file: migration.file, step: index }
}
