import type {
  Entry,
  InstancePhase,
  Plan,
  RolloutOutcome,
  StepName,
  Verdict,
} from '@changeover/engine'

/** What the API tells. Plain JSON; times in milliseconds since the epoch, durations in milliseconds, weights in basis points. */

/** A release, without its spec: that may name paths and variables. */
export interface ReleaseView {
  readonly id: string
  readonly version: string
}

export interface ServiceView {
  readonly name: string
  readonly current: ReleaseView | undefined
  /** The rollout under way. */
  readonly rollout: RolloutSummaryView | undefined
  /** The last one that ended. */
  readonly last: RolloutSummaryView | undefined
  /** Wanted; undefined for a service that was never deployed. */
  readonly replicas: number | undefined
  /** What the router shows now; undefined where it could not be asked. */
  readonly pools: readonly PoolView[] | undefined
  /** Recorded releases that a rollback may name, the newest first. */
  readonly rollbackTo: readonly ReleaseView[]
}

export interface PoolView {
  readonly release: string
  readonly weight: number
  readonly instances: number
}

/** One line of a service's history. */
export interface RolloutSummaryView {
  readonly id: string
  readonly service: string
  readonly from: ReleaseView | undefined
  readonly to: ReleaseView
  readonly replicas: number
  readonly startedAt: number
  readonly finishedAt: number | undefined
  /** Undefined while it is under way. */
  readonly outcome: RolloutOutcome | undefined
}

export type RolloutStatus =
  | RolloutOutcome
  | 'progressing'
  | 'paused'
  | 'waiting'
  | 'held'
  | 'rolling-back'

/** A rollout as its journal tells it up to entry `seq`. */
export interface RolloutView extends RolloutSummaryView {
  readonly seq: number
  readonly status: RolloutStatus
  readonly strategy: string
  /** Who asked for it. */
  readonly by: string | undefined
  /** Whoever asked for it may neither approve nor promote it. @default false */
  readonly fourEyes?: true
  readonly direction: 'forward' | 'back'
  /** Index of the step under way, in `steps`. */
  readonly position: number
  /** The steps of the current direction. */
  readonly steps: readonly StepView[]
  readonly gates: readonly GateView[]
  /** The last routes that the router was seen to follow; before the first, all to the release of before. */
  readonly pools: readonly PoolView[]
  readonly counts: readonly InstanceCounts[]
  readonly capacity: Plan['capacity']
  readonly warnings: readonly string[]
  readonly paused: { readonly since: number; readonly by: string } | undefined
  /** Who overrode the gates still to come. */
  readonly promotedBy: string | undefined
  readonly aborted: { readonly by: string; readonly reason: string } | undefined
  /** Why it turned back or failed. */
  readonly failure: { readonly code: string; readonly reason: string } | undefined
  /** The engine that leads, or led last. */
  readonly holder: string | undefined
}

export interface StepView {
  readonly step: StepName
  /** One line for people. */
  readonly text: string
  readonly state: 'done' | 'active' | 'next'
  readonly startedAt: number | undefined
  /** When a wait ends by itself; undefined for what has no end of its own, or while paused. */
  readonly endsAt: number | undefined
  /** Where it is a gate. */
  readonly gate: string | undefined
}

export interface GateView {
  readonly gate: string
  readonly kind: 'judge' | 'approve' | 'hook'
  /** Whether the rollout waits here now. */
  readonly open: boolean
  readonly verdict: Verdict | undefined
  /** For a judge: what passes and what fails, a line for each indicator. */
  readonly thresholds: readonly string[]
  readonly approvals: readonly string[]
  /** How many different people must approve; 0 where it waits for none. */
  readonly quorum: number
  /** Whoever asked for the rollout may not approve it. */
  readonly notRequester: boolean
}

export interface InstanceCounts {
  readonly release: string
  /** Launching, or started and not ready yet. */
  readonly starting: number
  readonly ready: number
  readonly stopping: number
}

export interface InstanceView {
  readonly id: string
  readonly release: string
  readonly phase: InstancePhase
  readonly address: string | undefined
  /** When the phase began, as far as known. */
  readonly since: number
}

/** Counts of each release since the router started. */
export interface TrafficView {
  readonly at: number
  readonly releases: Readonly<
    Record<
      string,
      {
        readonly total: number
        readonly bad: number
        readonly slow?: Readonly<Record<string, number>>
      }
    >
  >
}

export interface PlanView {
  readonly plan: Plan
  /** The same for people, line by line. */
  readonly text: string
}

export interface VerificationView {
  readonly rollout: string
  readonly ok: boolean
  /** Entries whose chain was checked. */
  readonly entries: number
  readonly problem: string | undefined
}

/** What a release's schema changes do, and where the way back ends. */
export interface MigrationReportView {
  readonly release: string
  readonly verdict: 'safe' | 'unsafe' | 'unknown'
  readonly findings: readonly {
    readonly rule: string
    readonly verdict: string
    readonly phase: string
    readonly place: string
    readonly message: string
    readonly fix: string
  }[]
  /** The first step after which the release to roll back to no longer runs; undefined where there is none. */
  readonly pointOfNoReturn: string | undefined
}

export interface ActorView {
  readonly name: string
  readonly role: Role
  /** How they came in: over the agent's own socket, with a token, or signed in on the page. */
  readonly via: 'socket' | 'token' | 'session'
  /** To be sent as `x-changeover-csrf` with every command; only for sessions. */
  readonly csrf: string | undefined
}

/** Each one may do what those before it may. */
export type Role = 'viewer' | 'approver' | 'operator'

export interface AgentView {
  readonly version: string
  readonly pid: number
  readonly startedAt: number
  /** `standby`: another agent has the instances; this one takes over when that one is gone. */
  readonly state: 'starting' | 'active' | 'standby'
  /** Name in leases and journals. */
  readonly holder: string
  readonly directory: string
  readonly router: string
  readonly fleet: string
  readonly store: string
  readonly services: readonly string[]
  /** Where browsers find the console; left out where the config opens no port. */
  readonly url?: string
  /** Why the last reload was refused; undefined where the newest config is in force. */
  readonly configProblem: string | undefined
  /** Where each service is reached, as far as the agent's own router serves it. @default another router does */
  readonly urls?: Readonly<Record<string, string>>
}

/** One line of who asked for what: every command, every refusal, every sign-in. Chained by hashes like a journal. */
export interface AuditEntry {
  readonly seq: number
  readonly at: number
  readonly actor: string
  readonly via: ActorView['via'] | 'none'
  /** Address of the other side, where it is no socket of ours. */
  readonly from: string | undefined
  /** Such as `approve`, `deploy`, `sign-in`. */
  readonly action: string
  /** Id that the sender chose for the command. @default none */
  readonly command?: string
  /** Service or rollout. */
  readonly target: string | undefined
  readonly outcome: 'accepted' | 'refused'
  /** Of the refusal. */
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly prev: string
  readonly hash: string
}

/** Whether the audit log is whole. */
export interface AuditVerificationView {
  readonly ok: boolean
  readonly entries: number
  readonly problem: string | undefined
}

/** What `GET /api/v1/rollouts/:id/journal` answers. */
export interface JournalPage {
  readonly entries: readonly Entry[]
  /** Give this as `after` for the next page; undefined where this was the last. */
  readonly next: number | undefined
}
