import type { Instance } from './instance.ts'
import type { Direction, Entry } from './journal.ts'
import type { MetricsMark } from './metrics.ts'
import type { Plan } from './plan.ts'
import type { PoolSummary } from './pool.ts'
import type { RolloutOutcome } from './rollout-outcome.ts'
import type { RouteExtras } from './route-rule.ts'
import type { ShiftTarget, Step } from './step.ts'
import type { Verdict } from './verdict.ts'

/**
 * What the journal knows of an instance. `available` means that it stayed ready for as long as the plan asks; only
 * then does it count. Instances that ended are dropped from the state.
 */
export type InstancePhase = 'launching' | 'starting' | 'ready' | 'available' | 'stopping'

export interface InstanceState {
  readonly id: string
  readonly release: string
  /** Undefined until the fleet has answered. */
  instance: Instance | undefined
  phase: InstancePhase
  /** When the phase began, or for a readiness deadline: when it was launched. */
  launchedAt: number
  readyAt: number | undefined
}

export interface ReleaseCounts {
  /** All that may run, stopping ones included. */
  running: number
  available: number
  stopping: number
}

export interface RoutesSummary extends RouteExtras {
  readonly revision: number
  readonly pools: readonly PoolSummary[]
}

export interface LostInstance {
  readonly id: string
  readonly release: string
  readonly reason: string
}

/** A rollout as its journal tells it. */
export interface RolloutState {
  readonly id: string
  readonly plan: Plan
  /** Who asked for it. */
  readonly by: string | undefined
  readonly startedAt: number
  lastEntry: Entry
  direction: Direction
  /** The steps of the current direction. */
  steps: readonly Step[]
  /** Index of the step that is under way or comes next. */
  position: number
  /** When the step under way began; undefined between steps. */
  stepStartedAt: number | undefined
  readonly instances: Map<string, InstanceState>
  /** Instances that ended by themselves in the current direction. */
  lost: LostInstance[]
  /** Those of them that another instance was launched for. */
  readonly replaced: Set<string>
  /** Instances launched so far, for the next one's id. */
  launches: number
  /** Running instances by release, so that counting ten thousand takes no time. */
  readonly counts: Map<string, ReleaseCounts>
  /** The last routes intended, in force or not. */
  intended: RoutesSummary | undefined
  /** The last routes that the router was seen to follow. */
  converged: RoutesSummary | undefined
  /** Where the judge under way began to count, in the terms of its metrics port. */
  mark: MetricsMark | undefined
  readonly verdicts: Map<string, Verdict>
  /** Who approved, by gate. */
  readonly approvals: Map<string, Set<string>>
  readonly commands: Set<string>
  /** How many commands were refused. */
  refusals: number
  abort: { readonly by: string; readonly reason: string } | undefined
  /** Since when nothing moves, and by whom or what. */
  paused: { readonly since: number; readonly by: string } | undefined
  /** The plan's window is closed. */
  closed: boolean
  /** How long the step under way was paused before that, in milliseconds. */
  pausedMs: number
  /** Who overrode the gates that are still to come. */
  promote: { readonly by: string } | undefined
  /** Gates that came to no verdict and let nobody through; resumed, they are tried anew. */
  readonly held: Set<string>
  /** Where the last `shift` of the current direction leads; undefined before one. */
  target: ShiftTarget | undefined
  outcome: RolloutOutcome | undefined
  /** Why it turned back or failed. */
  failure: { readonly code: string; readonly reason: string } | undefined
}
