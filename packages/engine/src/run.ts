import type { Clock } from './clock.ts'
import { refuse } from './changeover-error.ts'
import type { Fence } from './fence.ts'
import type { Fleet } from './fleet.ts'
import type { Hook } from './hook.ts'
import type { EntryBody } from './journal.ts'
import type { Metrics } from './metrics.ts'
import type { MigrationGuard } from './migration-guard.ts'
import type { Pulse } from './pulse.ts'
import type { Release } from './release.ts'
import type { RolloutState } from './rollout-state.ts'
import type { Router } from './router.ts'
import type { RouteTable } from './route-table.ts'

/** Everything outside that a rollout acts on. */
export interface Ports {
  readonly router: Router
  readonly fleet: Fleet
  readonly clock: Clock
  readonly metrics: Metrics | undefined
  readonly migrations: MigrationGuard | undefined
  readonly hooks: Readonly<Record<string, Hook>>
}

/** One rollout while an engine leads it: what every step of the executor works with. */
export interface Run {
  readonly ports: Ports
  readonly fence: Fence
  /** The fold of the journal; changes only through {@link Run.record}. */
  readonly state: RolloutState
  /** Beats after every recorded entry. */
  readonly pulse: Pulse
  /** Aborts when the direction is given up: by command, or because this engine no longer leads. */
  readonly signal: AbortSignal
  /** What the router was last observed to follow, never what the journal remembers. */
  inForce: RouteTable | undefined
  /** The table last sent to the router, whether it follows already or not. */
  sent: RouteTable | undefined
  /** Highest revision seen anywhere. */
  revision: number
  /** Resolves when the entries are durable and folded into the state. */
  record(...bodies: readonly EntryBody[]): Promise<void>
}

/** The same run under a signal of its own: what it learns of the router, the other one knows too. */
export function bindRun(run: Run, signal: AbortSignal): Run {
  return {
    ...run,
    signal,
    get inForce() {
      return run.inForce
    },
    set inForce(table) {
      run.inForce = table
    },
    get sent() {
      return run.sent
    },
    set sent(table) {
      run.sent = table
    },
    get revision() {
      return run.revision
    },
    set revision(revision) {
      run.revision = revision
    },
  }
}

/** The release of this id among the two that the rollout knows. */
export function releaseOf(state: RolloutState, id: string): Release {
  const { from, to, service } = state.plan
  const release = [to, from].find((candidate) => candidate?.id === id)
  if (release) return release
  throw refuse('CHANGEOVER_ROLLBACK_IMPOSSIBLE', {
    service,
    release: id,
    problem: 'this rollout does not know it',
    releases: [from?.id, to.id].filter((known) => known !== undefined),
  })
}
