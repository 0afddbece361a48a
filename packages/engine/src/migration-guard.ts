import type { Release } from './release.ts'
import type { CallOptions } from './router.ts'

/** What a schema step does to those who are still running. */
export type MigrationPhase = 'expand' | 'backfill' | 'tighten' | 'contract'

export interface MigrationRequest {
  readonly service: string
  readonly phase: MigrationPhase
  /** Every release that may run now or be rolled back to. */
  readonly live: readonly Release[]
  readonly target: Release
}

export interface MigrationReport {
  readonly verdict: 'safe' | 'unsafe' | 'unknown'
  /** One line for each finding. */
  readonly findings: readonly string[]
}

/** Refuses schema steps that a live release cannot live with. Implemented by `@changeover/migrations`. */
export interface MigrationGuard {
  /** Judges without changing anything. */
  check(request: MigrationRequest, options?: CallOptions): Promise<MigrationReport>
  /** Judges again under the guard's own lock, then runs the phase. Repeating it is safe. */
  apply(request: MigrationRequest, options?: CallOptions): Promise<MigrationReport>
  /** Lowest release id that may still start, or undefined while every recorded one may. */
  floor(service: string, options?: CallOptions): Promise<string | undefined>
}
