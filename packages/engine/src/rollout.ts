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
  /** Stable code of what made it turn back, fail or stop. */
  readonly code?: string
  readonly reason?: string
}

/** One execution of a plan, from one release to another. */
export interface Rollout {
  readonly id: string
  readonly service: string
  readonly plan: Plan
  /**
   * Every entry of the journal from the first, then live ones as they become durable. Ends with the rollout; each call
   * is a reader of its own.
   */
  events(options?: { signal?: AbortSignal }): AsyncIterableIterator<Entry>
  /**
   * Approves a gate that the plan names. The same person counts once; repeating `id` changes nothing.
   *
   * @throws ChangeoverError `CHANGEOVER_GATE_UNKNOWN`, `CHANGEOVER_ROLLOUT_FINISHED`
   */
  approve(command: { gate: string; by: string; id?: string }): Promise<void>
  /**
   * Gives the new release up: whatever is under way is broken off and the service goes back to the release it had.
   * Aborting a rollout that already goes back changes nothing.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_FINISHED`
   */
  abort(command: { by: string; reason?: string; id?: string }): Promise<void>
  /** Resolves when the rollout has ended. Never rejects. */
  readonly finished: Promise<RolloutEnd>
}
