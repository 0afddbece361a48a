import type { Criterion } from './criterion.ts'
import type { MigrationPhase } from './migration-guard.ts'
import type { Release } from './release.ts'
import type { Affinity, Mirror, RouteRule } from './route-rule.ts'

/** What happens when requests are still in flight at the drain deadline. */
export type DrainPolicy =
  /** Stop the instance all the same; its own draining is the last chance. */
  | 'force'
  /** Wait for another deadline, again and again, until they have ended. */
  | 'extend'
  /** Stop nothing and end the rollout as `failed-safe`, so that a person decides. */
  | 'hold'

export interface DrainSettings {
  readonly deadlineMs: number
  readonly onDeadline: DrainPolicy
}

/** How many instances may run too many or be missing while releases are exchanged. */
export interface Window {
  readonly replicas: number
  readonly surge: number
  readonly unavailable: number
}

/** When an instance counts as available. */
export interface ReadinessSettings {
  /** How long it must have been ready. */
  readonly minReadyMs: number
  /** How long it may take to become ready before the rollout is given up. */
  readonly readyWithinMs: number
}

/** Where requests are to go, by release; whatever is left out is cleared. */
export interface ShiftTarget {
  /** Basis points by release id. A release at 0 gets only what rules, or a mirror, send it. */
  readonly weights: Readonly<Record<string, number>>
  readonly rules?: readonly RouteRule[]
  /** Cohorts are salted with the rollout's id. */
  readonly affinity?: Omit<Affinity, 'salt'>
  readonly mirror?: Mirror
}

/** What becomes of a rollout whose gate came to no verdict. It is never a pass. */
export type OnInconclusive =
  /** The new release is given up. */
  | 'roll-back'
  /** The rollout pauses, until a person promotes it or takes it back. */
  | 'hold'

/** The closed set of steps: all that the executor knows. A plan is a list of them, as data. */
export type Step =
  /** Runs one phase of schema changes through the migration guard. */
  | {
      readonly step: 'migrate'
      readonly phase: MigrationPhase
      /** Every release that the phase must spare: those that may run then, or be rolled back to. @default from and to */
      readonly live?: readonly Release[]
      /** Lowest release that could start when the plan was made, by the guard; undefined where every one could. */
      readonly floor?: string
    }
  /** Launches instances of a release until `instances` of them are ready; they get no traffic yet. */
  | ({
      readonly step: 'launch'
      readonly release: string
      readonly instances: number
      /** Ends as soon as so many are ready; a later launch waits for the others. @default all of them */
      readonly atLeast?: number
    } & ReadinessSettings)
  /** Puts this routing in force and waits until the router has converged. */
  | ({ readonly step: 'shift' } & ShiftTarget)
  /** Replaces the instances of all other releases by those of `release`, in a sliding window. */
  | ({
      readonly step: 'replace'
      readonly release: string
      readonly drain: DrainSettings
      /** Ends as soon as so many new instances serve; only what makes room for them goes. @default all are exchanged */
      readonly until?: number
    } & Window &
      ReadinessSettings)
  /** Waits while the service runs as it is; a new release that falters meanwhile is given up. */
  | { readonly step: 'bake'; readonly durationMs: number }
  /** Samples indicators every `everyMs` until they pass or fail, or the deadline makes them inconclusive. */
  | {
      readonly step: 'judge'
      readonly gate: string
      readonly indicators: Readonly<Record<string, Criterion>>
      readonly candidate: string
      readonly baseline: string
      readonly everyMs: number
      readonly deadlineMs: number
      /** @default 'roll-back' */
      readonly onInconclusive?: OnInconclusive
    }
  /** Waits for people. */
  | {
      readonly step: 'approve'
      readonly gate: string
      readonly quorum: number
      /** @default never */
      readonly expiresMs?: number
      /** Whoever asked for the rollout may not approve it. @default false */
      readonly notRequester?: boolean
      /** What becomes of the rollout when the approval expires. @default 'roll-back' */
      readonly onInconclusive?: OnInconclusive
    }
  /** Calls a hook registered with the engine under this name, with an idempotency key. */
  | {
      readonly step: 'hook'
      readonly name: string
      readonly timeoutMs: number
      readonly attempts: number
      /** What becomes of the rollout when no attempt resolved. @default 'roll-back' */
      readonly onInconclusive?: OnInconclusive
    }
  /** Waits until the instances of a release, out of the routes already, have no request in flight. */
  | ({ readonly step: 'drain'; readonly release: string } & DrainSettings)
  /** Stops the instances of a release. Refused while the router shows them in a route. */
  | { readonly step: 'stop'; readonly release: string; readonly deadlineMs: number }

export type StepName = Step['step']
