import type { Clock, Fleet, Instance, Plan, Release, Router, RouteTable } from '@changeover/engine'
import type { JournalObserver } from './journal-observer.ts'

export interface Observed {
  readonly router: Router
  readonly fleet: Fleet
  readonly clock: Clock
  readonly plan: Pick<Plan, 'capacity'>
  /** Release that the rollout under way leads to. */
  readonly to: string
  /** Instances of the earlier release, ready and serving. */
  readonly before: readonly Instance[]
  /** The table in force. */
  readonly table: RouteTable
  /** What the outside really does, where it can be asked. */
  readonly inside?: Inside
  /** Instances are taken away by something else than the engine. @default false */
  readonly disturbed?: boolean
  /** Told of what is launched. */
  readonly onLaunch?: (release: Release) => void
  /** What was journaled before; asked at each effect. @default no rule about the journal is checked */
  readonly journal?: () => JournalObserver
}

/** A look into a simulated outside. */
export interface Inside {
  readonly routed: (id: string) => boolean
  /** For how long no new request went to the instance, in milliseconds. */
  readonly leftForMs: (id: string) => number
  readonly followed: (revision: number) => boolean
  readonly running: (id: string) => boolean
  /** How long requests are in flight after an instance left, in milliseconds. */
  readonly drainAfterMs: number
  /** After how long a drain may give up by force; Infinity where it never may. */
  readonly forcedAfterMs: number
}

/** What the observer remembers. */
export interface Ledger {
  readonly running: Map<string, Instance>
  readonly ready: Set<string>
  readonly everReady: Set<string>
  readonly launched: Set<string>
  readonly dead: Set<string>
  readonly stopping: Set<string>
  /** Asked to stop by somebody who no longer waits: they end unseen, on their own time. */
  readonly abandoned: Set<string>
  readonly drained: Set<string>
  table: RouteTable
  /** Instances in the table that are ready. */
  serving: number
}

export interface Watch {
  readonly observed: Observed
  readonly ledger: Ledger
  readonly violate: (rule: number, what: string) => void
  readonly changed: (change: Change, instance?: Instance, by?: number) => void
}

export type Change = 'launch' | 'ready' | 'route' | 'stop'
