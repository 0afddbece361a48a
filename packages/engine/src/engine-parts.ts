import type { EngineSettings } from './engine-options.ts'
import type { Leading } from './leading.ts'
import type { Turns } from './turns.ts'

/** What the calls of one engine share. */
export interface EngineParts {
  readonly settings: EngineSettings
  /** What this engine leads. */
  readonly leading: Leading
  /** Calls that begin something take turns, service by service. */
  readonly turns: Turns
  /** Aborts when the engine is closed. */
  readonly signal: AbortSignal
}
