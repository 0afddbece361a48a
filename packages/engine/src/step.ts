import type { MigrationPhase } from './migration-guard.ts'

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

/** Bounds of one kind of evidence that a `judge` step asks for. */
export interface Criterion {
  readonly kind: 'compare-rates'
  readonly alpha: number
  readonly beta: number
  readonly tolerance: number
  readonly ratioMax: number
}

/** The closed set of steps: all that the executor knows. A plan is a list of them, as data. */
export type Step =
  /** Runs one phase of schema changes through the migration guard. */
  | { readonly step: 'migrate'; readonly phase: MigrationPhase }
  /** Launches instances of a release until `instances` of them are ready; they get no traffic yet. */
  | ({
      readonly step: 'launch'
      readonly release: string
      readonly instances: number
    } & ReadinessSettings)
  /** Puts these weights in force (basis points by release id) and waits until the router has converged. */
  | { readonly step: 'shift'; readonly weights: Readonly<Record<string, number>> }
  /** Replaces the instances of all other releases by those of `release`, in a sliding window. */
  | ({
      readonly step: 'replace'
      readonly release: string
      readonly drain: DrainSettings
    } & Window &
      ReadinessSettings)
  /** Waits while the service runs as it is. */
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
    }
  /** Waits for people. */
  | {
      readonly step: 'approve'
      readonly gate: string
      readonly quorum: number
      readonly expiresMs?: number
    }
  /** Calls a hook registered with the engine under this name, with an idempotency key. */
  | {
      readonly step: 'hook'
      readonly name: string
      readonly timeoutMs: number
      readonly attempts: number
    }
  /** Waits until the instances of a release, out of the routes already, have no request in flight. */
  | ({ readonly step: 'drain'; readonly release: string } & DrainSettings)
  /** Stops the instances of a release. Refused while the router shows them in a route. */
  | { readonly step: 'stop'; readonly release: string; readonly deadlineMs: number }

export type StepName = Step['step']
