import type { Command } from './command.ts'
import type { Lease } from './fence.ts'
import type { Entry } from './journal.ts'
import type { Release } from './release.ts'
import type { Unsubscribe, WaitOptions } from './router.ts'
import type { RolloutOutcome } from './rollout-outcome.ts'

/** One line of a service's history. */
export interface RolloutSummary {
  readonly id: string
  readonly service: string
  readonly from: Release | undefined
  readonly to: Release
  readonly replicas: number
  readonly startedAt: number
  readonly finishedAt: number | undefined
  /** Undefined while the rollout is under way. */
  readonly outcome: RolloutOutcome | undefined
}

export interface RolloutFilter {
  readonly service?: string
  /** Only those under way (true) or finished (false). @default both */
  readonly open?: boolean
}

export interface ReadOptions {
  /** An entry that was read before: only those behind it are wanted. @default all */
  readonly after?: Entry
}

/** A journal that has grown. */
export interface StoreChange {
  readonly rollout: string
  readonly service: string
  /** Number of its last entry, as far as known. */
  readonly seq: number
}

/** Keeps journals and leases: the only durable state. */
export interface Store {
  readonly name: string
  /**
   * Appends entries whose sequence numbers begin at `expectedSeq`; durable when it resolves. A crash may leave a
   * prefix of `entries`, never a gap.
   *
   * @throws ChangeoverError `CHANGEOVER_CONFLICT` where the journal does not stand at `expectedSeq`,
   *   `CHANGEOVER_FENCE_STALE` for entries under an older fence than the last one granted for the service, even though
   *   nobody has written under that one yet
   */
  append(rolloutId: string, expectedSeq: number, entries: readonly Entry[]): Promise<void>
  /**
   * The journal from its first entry, its hash chain checked. A store may give earlier entries than those asked for.
   *
   * @throws ChangeoverError `CHANGEOVER_JOURNAL_CORRUPT`
   */
  read(rolloutId: string, options?: ReadOptions): AsyncIterable<Entry>
  /** Oldest first. */
  rollouts(filter?: RolloutFilter): Promise<readonly RolloutSummary[]>
  /**
   * Grants or renews the lease on `service` for `ttlMs`. A new grant has a fence above every earlier one; a renewal by
   * the holder in force keeps its fence.
   *
   * @throws ChangeoverError `CHANGEOVER_LEASE_HELD` while another holder's lease has not lapsed
   */
  lease(service: string, holder: string, ttlMs: number): Promise<Lease>
  /** Gives the lease back early; does nothing where `lease` is no longer in force. */
  release(lease: Lease): Promise<void>
  /**
   * Calls `listener` soon after entries were appended, whichever engine did; for stores that engines on several machines
   * share. What was told may be told again, and after a lost connection is: read the journal. Without it, an engine
   * follows its own rollouts only.
   */
  watch?(listener: (change: StoreChange) => void): Unsubscribe
  /**
   * Hands a command to the engine that leads the rollout, and resolves when that one has journaled it. A command id that
   * was sent before is not sent again. Comes with {@link receive}.
   *
   * @throws ChangeoverError what the leading engine refused it with; `CHANGEOVER_COMMAND_REFUSED` where none took it by
   *   the deadline: then it is withdrawn, and nobody takes it later
   */
  send?(rollout: string, command: Command, options: WaitOptions): Promise<void>
  /** Offers commands that were sent. `handle` resolves `false` for a rollout that this engine does not lead. */
  receive?(handle: (rollout: string, command: Command) => Promise<boolean>): Unsubscribe
  close(): Promise<void>
}
