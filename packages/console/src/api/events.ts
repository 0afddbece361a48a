import type { Entry, JudgeLook, RolloutOutcome } from '@changeover/engine'
import type { RolloutView, ServiceView, TrafficView } from './views.ts'

/**
 * Server-sent events of `GET /api/v1/rollouts/:id/events`. Only `entry` has an id, the number of the entry: whoever
 * reconnects with `Last-Event-ID` (or `?after=`) gets every entry after it, none twice, none left out.
 */
export interface RolloutEventMap {
  /** Every journal entry, in order. */
  readonly entry: Entry
  /** The rollout after the entries sent so far; several entries may share one. The last one before `end` is complete. */
  readonly view: RolloutView
  /** About once a second while somebody watches. */
  readonly traffic: TrafficView
  /** What a judge has seen so far. */
  readonly look: JudgeLook
  /** Nothing more will come. */
  readonly end: { readonly outcome: RolloutOutcome }
}

/** Server-sent events of `GET /api/v1/events`. */
export interface ConsoleEventMap {
  /** All services, at once when one connects and after each change. */
  readonly services: readonly ServiceView[]
}
