import { refuse } from './changeover-error.ts'
import { type EngineOptions, readEngineOptions } from './engine-options.ts'
import { type Duration, toMs } from './duration.ts'
import { findFinished } from './find-rollout.ts'
import { planBack, type RollbackRequest, turnBack } from './go-back.ts'
import { serviceOf, servicesOf } from './history.ts'
import type { Led } from './lead.ts'
import { createLeading } from './leading.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import { restoreAllRoutes } from './restore-routes.ts'
import type { Rollout } from './rollout.ts'
import { createStarter } from './starter.ts'
import { takeOverAll } from './takeover.ts'
import type { RolloutSummary } from './store.ts'
import type { Service } from './service.ts'
import { type Verification, verifyJournal } from './verify.ts'
import { readStartRequest, type StartRequest } from './start-request.ts'

/** Plans rollouts, carries them out, and resumes them after a crash. The only thing that acts. */
export interface Engine extends AsyncDisposable {
  /** What `start` would do: exactly the steps, without doing anything. @throws ChangeoverError for every refusal */
  plan(request: StartRequest): Promise<Plan>
  /**
   * Starts a rollout. Resolves as soon as it is journaled; the rollout itself goes on. With `supersede` it first ends the
   * one under way, and waits for that.
   */
  start(request: StartRequest): Promise<Rollout>
  /**
   * To be called once at the start: goes on with every rollout that has no end yet, and puts services back in front of
   * their traffic that the router has forgotten. The lease of an engine that died lapses by itself; this waits for that.
   * Rollouts that another engine leads are left to it.
   *
   * @param options.wait how long to wait for leases of others. @default the engine's `leaseTtl`
   */
  resume(options?: { wait?: Duration }): Promise<readonly Rollout[]>
  /**
   * Goes back to a recorded release. A rollout under way that came from there is taken back; otherwise an own plan is
   * started: one table where the release's instances are still up, and launching them first where not.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE` where the release is not recorded as healthy, or cannot run
   *   on the schema any more; `CHANGEOVER_ROLLOUT_RUNNING` where a rollout that came from another release is under way
   */
  rollback(service: string, request: RollbackRequest): Promise<Rollout>
  /**
   * A rollout by its id: one that this engine leads, or one that has ended, which takes no command any more.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN`; `CHANGEOVER_COMMAND_REFUSED` where another engine leads it
   */
  rollout(id: string): Promise<Rollout>
  /**
   * Whether the journal of a rollout is whole: every hash, every link, and where it is damaged if not. Changes nothing.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN`
   */
  verify(rollout: string): Promise<Verification>
  /** What the service is now: its current release, and the rollout under way. */
  service(name: string): Promise<Service>
  /** Every rollout of a service, oldest first. */
  history(service: string): Promise<readonly RolloutSummary[]>
  /** Lets go of all rollouts at a safe point; they stay open in the journal. Ports are the caller's to close. */
  close(): Promise<void>
}

/**
 * Creates an engine on the given ports.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const engine = createEngine({ router, fleet, store })
 * const rollout = await engine.start({ service: 'shop', release, replicas: 4, strategy: rolling() })
 * const { outcome } = await rollout.finished
 * ```
 */
export function createEngine(options: EngineOptions): Engine {
  const settings = readEngineOptions(options)
  const { leadership } = settings
  const { ports, store, leaseTtlMs } = leadership
  const leading = createLeading(settings)
  const closed = new AbortController()
  let closing: Promise<void> | undefined

  const assertOpen = (call: string): void => {
    if (closed.signal.aborted) throw refuse('CHANGEOVER_ENGINE_CLOSED', { call })
  }
  const starter = createStarter({
    settings,
    leading,
    assertOpen: () => assertOpen('start'),
  })
  const plan = async (request: StartRequest): Promise<Plan> => {
    assertOpen('plan')
    return makePlan(ports, store, readStartRequest(request))
  }
  const start = async (request: StartRequest): Promise<Rollout> => {
    assertOpen('start')
    return starter.start(readStartRequest(request))
  }

  async function resume({ wait }: { wait?: Duration } = {}): Promise<readonly Rollout[]> {
    assertOpen('resume')
    const waitMs = wait === undefined ? leaseTtlMs : toMs(wait, 'resume.wait')
    const history = await store.rollouts()
    const unfinished = history.filter(({ outcome }) => outcome === undefined)
    const mine = unfinished.map(({ id }) => leading.get(id)).filter((led) => led !== undefined)
    const others = unfinished.filter(({ id }) => !leading.get(id))
    // First, so that no traffic waits for leases, and while a failure still leaves nothing under way.
    await restoreAllRoutes(settings, servicesOf(history))
    const takeover = { waitMs, signal: closed.signal, follow: (led: Led) => leading.follow(led) }
    const taken = await takeOverAll(settings, others, takeover)
    return [...mine, ...taken]
  }

  async function rollback(service: string, request: RollbackRequest): Promise<Rollout> {
    assertOpen('rollback')
    const turned = await turnBack(leading.of(service), request)
    return turned ?? start(await planBack(leadership, service, request))
  }

  const close = (): Promise<void> => {
    closed.abort(refuse('CHANGEOVER_ENGINE_CLOSED', { call: 'resume' }))
    return (closing ??= leading.letGo())
  }
  return {
    plan,
    start,
    resume,
    rollback,
    rollout: async (id) => leading.get(id) ?? findFinished(store, id),
    verify: (rollout) => verifyJournal(store, rollout),
    service: async (name) => serviceOf(name, await store.rollouts({ service: name })),
    history: (service) => store.rollouts({ service }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
