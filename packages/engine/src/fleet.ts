import type { Fence } from './fence.ts'
import type { Instance } from './instance.ts'
import type { Release } from './release.ts'
import type { CallOptions, Unsubscribe, WaitOptions } from './router.ts'

/** What to launch. The id is chosen by the engine, so that a launch can be repeated after a crash. */
export interface LaunchRequest {
  readonly id: string
  readonly service: string
  readonly release: Release
  readonly fence: Fence
}

/** Whether an instance may get traffic, and if not, why not. */
export interface Readiness {
  readonly ready: boolean
  /** The instance has ended and will never be ready. @default false */
  readonly exited?: boolean
  /** Last error, status and body: what a person needs to see. */
  readonly reason?: string
  /** The last lines that the instance printed. */
  readonly output?: string
}

/** Options of a stop. */
export interface StopOptions extends WaitOptions {
  /** Fence of the lease under which it is asked for; an older one than a fleet saw before is refused. @default no check */
  readonly fence?: Fence
}

/** How an instance ended. */
export interface StopReport {
  readonly instance: string
  /** It ended by itself after the request to stop, not by force. True too where it was gone already. */
  readonly graceful: boolean
  readonly exitCode?: number | null
  /** Name of the signal that ended it. */
  readonly signal?: string | null
  readonly output?: string
}

/** An instance that ended without being asked to. */
export interface InstanceExit extends StopReport {
  readonly service: string
}

/** Runs instances. Every operation is idempotent by instance id. */
export interface Fleet {
  readonly name: string
  /** Checks a release's spec without starting anything; called when a plan is made. Throws a coded error. */
  check?(release: Release): void
  /**
   * Starts the instance, or answers with the one that already runs under this id. It need not be ready.
   *
   * @throws ChangeoverError `CHANGEOVER_FENCE_STALE` for an older fence than it saw for the service
   */
  launch(request: LaunchRequest, options?: CallOptions): Promise<Instance>
  /** One look at the readiness check of the instance's release. Does not throw for an answer. */
  probe(instance: Instance, options?: CallOptions): Promise<Readiness>
  /**
   * Asks it to stop, and forces it at the deadline. An instance that is gone is a success.
   *
   * @throws ChangeoverError `CHANGEOVER_FENCE_STALE` for an older fence than it saw for the service
   */
  stop(instance: Instance, options: StopOptions): Promise<StopReport>
  /** The instances that really run: the truth, for resuming. */
  list(service: string, options?: CallOptions): Promise<readonly Instance[]>
  /** Calls `listener` as soon as an instance ends by itself. Without it, ends are noticed at the next probe. */
  watch?(service: string, listener: (exit: InstanceExit) => void): Unsubscribe
}
