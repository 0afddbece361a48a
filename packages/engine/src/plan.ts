import type { Release } from './release.ts'
import type { RolloutWindow } from './rollout-window.ts'
import type { Step } from './step.ts'

/** The worst that the plan lets happen to capacity. */
export interface PlannedCapacity {
  /** Most instances that run at any time. */
  readonly maxTotal: number
  /** Fewest ready instances that serve at any time. */
  readonly minAvailable: number
}

/**
 * The steps that a strategy wrote, as data: it prints, it compares, it survives a restart.
 * It holds no functions; what needs code is named in it and registered with the engine.
 */
export interface Plan {
  readonly service: string
  readonly strategy: string
  /** The release in place when the plan was made; undefined for a first deployment. */
  readonly from: Release | undefined
  readonly to: Release
  readonly replicas: number
  readonly steps: readonly Step[]
  /** The steps that lead back where the plan is given up: a plan like any other. */
  readonly rollback: readonly Step[]
  readonly capacity: PlannedCapacity
  /** When steps may begin. @default at any time */
  readonly window?: RolloutWindow
  /** What a person should know before saying yes. */
  readonly warnings: readonly string[]
}
