import type { Entry } from './journal.ts'
import type { Plan } from './plan.ts'
import type { RolloutOutcome } from './rollout-outcome.ts'

/** How a rollout ended, as far as this engine knows. */
export interface RolloutEnd {
  readonly rollout: string
  /**
   * As journaled; or `interrupted`: this engine let go (it was closed, or lost the lease) and the rollout goes on with
   * `engine.resume()`, here or elsewhere.
   */
  readonly outcome: RolloutOutcome | 'interrupted'
  /** Stable code of what made it turn back, fail or stop; or, past the point of no return, of what its plan broke off with. */
  readonly code?: string
  readonly reason?: string
}

/** Who asks, and why. Repeating `id` changes nothing. */
export interface RolloutCommand {
  readonly by: string
  readonly reason?: string
  readonly id?: string
}

/** Which entries a reader gets, and for how long. */
export interface EventsOptions {
  /** Ends the reader. @default none: it ends with the rollout */
  readonly signal?: AbortSignal | undefined
  /** Number of the last entry that the reader has already, to go on behind it. @default none: from the first entry */
  readonly after?: number | undefined
}

/** One execution of a plan, from one release to another. */
export interface Rollout {
  readonly id: string
  readonly service: string
  readonly plan: Plan
  /**
   * Every entry of the journal from the first (or behind `after`), then live ones as they become durable. Ends with the
   * rollout; each call is a reader of its own.
   */
  events(options?: EventsOptions): AsyncIterableIterator<Entry>
  /**
   * Approves a gate that the plan names. The same person counts once; repeating `id` changes nothing.
   *
   * @throws ChangeoverError `CHANGEOVER_GATE_UNKNOWN`, `CHANGEOVER_COMMAND_REFUSED`, `CHANGEOVER_ROLLOUT_FINISHED`
   */
  approve(command: RolloutCommand & { readonly gate: string }): Promise<void>
  /**
   * Stops the clock of the step under way and begins nothing new; what was begun comes to its end.
   *
   * @throws ChangeoverError `CHANGEOVER_COMMAND_REFUSED` on the way back, `CHANGEOVER_ROLLOUT_FINISHED`
   */
  pause(command: RolloutCommand): Promise<void>
  /** Goes on after a pause, or after a gate that holds: it is tried anew. @throws as `pause` */
  resume(command: RolloutCommand): Promise<void>
  /** Overrides every gate and bake still to come, under the name of `by`. Safety is never overridden. @throws as `pause` */
  promote(command: RolloutCommand): Promise<void>
  /**
   * Gives the new release up: whatever is under way is broken off and the service goes back to the release it had.
   * Aborting a rollout that already goes back changes nothing.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_FINISHED`
   */
  abort(command: RolloutCommand): Promise<void>
  /** The same as `abort`, under the name that people look for. @throws ChangeoverError `CHANGEOVER_ROLLOUT_FINISHED` */
  rollback(command: RolloutCommand): Promise<void>
  /** Resolves when the rollout has ended. Never rejects. */
  readonly finished: Promise<RolloutEnd>
}
