/** Bodies of requests. Unknown fields are refused, and so is more than 64 KiB. */

/** What a command of any kind carries. */
export interface CommandRequest {
  /** Chosen by the sender, and never used again: the same id twice is refused as a replay. */
  readonly id: string
  readonly reason?: string
}

/** `POST /api/v1/services/:service/{plan,deploy}`; a plan needs no id. */
export interface DeployRequest extends CommandRequest {
  readonly version: string
  /** Id of the release. @default the version */
  readonly release?: string
  /** Fills `{name}` in the service's command, directory and variables. */
  readonly set?: Readonly<Record<string, string>>
  /** Ends a rollout under way for this one. @default false */
  readonly supersede?: boolean
  /**
   * Recorded releases that a schema change may leave behind: once it has begun, nothing leads back to them.
   * @default none
   */
  readonly giveUpRollbackTo?: 'all' | readonly string[]
}

/** `POST /api/v1/services/:service/rollback` and, without an id, `.../rollback/plan`. */
export interface RollbackRequest extends CommandRequest {
  /** @default the release before the current one */
  readonly to?: string
}

/** `POST /api/v1/rollouts/:id/{approve,pause,resume,promote,abort,rollback}`. */
export interface RolloutCommandRequest extends CommandRequest {
  /** For `approve`. */
  readonly gate?: string
  /**
   * The step that the sender saw under way, and the direction. Where the rollout is elsewhere by now the command is stale
   * and refused. `approve` and `promote` need it.
   */
  readonly seen?: { readonly position: number; readonly direction: 'forward' | 'back' }
}

export interface SignInRequest {
  readonly token: string
}

/** Of every answer with a status of 4xx or 5xx. */
export interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string }
}
