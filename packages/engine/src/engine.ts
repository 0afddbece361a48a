import { refuse } from './changeover-error.ts'
import { type EngineOptions, readEngineOptions } from './engine-options.ts'
import { type Duration, toMs } from './duration.ts'
import { createElsewhere } from './elsewhere.ts'
import { planBack, planTurningBack, type RollbackRequest, turnBack } from './go-back.ts'
import { serviceOf } from './history.ts'
import { createLeading } from './leading.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import { repair } from './repair.ts'
import { resumeAll } from './resume.ts'
import type { Rollout } from './rollout.ts'
import { createStarter } from './starter.ts'
import { createTurns } from './turns.ts'
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
   * To be called at the start, and as often as wanted after it: goes on with every rollout that has no end yet, and puts
   * services back in front of their traffic that the router has forgotten. The lease of an engine that died lapses by
   * itself; this waits for that. Rollouts that another engine leads are left to it, and so is what cannot be read or
   * reached now: the log tells of that, and the next call tries again.
   *
   * @param options.wait how long to wait for leases of others. @default the engine's `leaseTtl`
   */
  resume(options?: { wait?: Duration }): Promise<readonly Rollout[]>
  /**
   * Looks after a service between rollouts: where fewer instances of its current release are ready than it should have
   * (after a crash, after a reboot), or where the router has forgotten the service or leads elsewhere, a rollout from the
   * release to itself starts, by the strategy `repair`. It gives the traffic to whoever is ready, launches what is missing,
   * and lets go of what nobody goes back to. What runs without being ready is waited for, never stopped. A repair makes
   * way for `start` and `rollback`, and never counts as what a rollback goes back to.
   *
   * To be called every few seconds; after a repair that did not end `promoted`, less and less often.
   *
   * @returns undefined where nothing is wrong, where a rollout is under way here or elsewhere, and where the last one
   *   failed safe and anybody serves: then people decide
   * @throws what the router, the fleet or the store throw
   */
  repair(service: string, options?: { by?: string }): Promise<Rollout | undefined>
  /**
   * Goes back to a recorded release. A rollout under way that came from there is taken back; otherwise an own plan is
   * started: one table where the release's instances are still up, and launching them first where not.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE` where the release is not recorded as healthy, or cannot run
   *   on the schema any more; `CHANGEOVER_ROLLOUT_RUNNING` where a rollout that came from another release is under way
   */
  rollback(service: string, request: RollbackRequest): Promise<Rollout>
  /**
   * What `rollback` would do now, without doing anything. For a rollout under way that came from there its way back from
   * where it stands, as a plan that leads from the release given up to the one before; without steps, and with a warning,
   * where the schema leaves no way back.
   *
   * @throws ChangeoverError as `rollback`
   */
  planRollback(service: string, request?: { to?: string }): Promise<Plan>
  /**
   * A rollout by its id: one that this engine leads, one that has ended, which takes no command any more, or one that
   * another engine leads. That one is followed in the journal, and its commands are handed to the engine that leads.
   *
   * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN`; `CHANGEOVER_COMMAND_REFUSED` where another engine leads it and the
   *   store is none that engines share (it has no `watch` and `send`)
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
  const elsewhere = createElsewhere(settings)
  const closed = new AbortController()
  let closing: Promise<void> | undefined

  const assertOpen = (call: string): void => {
    if (closed.signal.aborted) throw refuse('CHANGEOVER_ENGINE_CLOSED', { call })
  }
  const parts = { settings, leading, turns: createTurns(), signal: closed.signal }
  const starter = createStarter({ ...parts, assertOpen: () => assertOpen('start') })
  const plan = async (request: StartRequest): Promise<Plan> => {
    assertOpen('plan')
    return makePlan(ports, store, readStartRequest(request), { besideRepair: true })
  }
  const start = async (request: StartRequest): Promise<Rollout> => {
    assertOpen('start')
    return starter.start(readStartRequest(request))
  }

  async function resume({ wait }: { wait?: Duration } = {}): Promise<readonly Rollout[]> {
    assertOpen('resume')
    const waitMs = wait === undefined ? leaseTtlMs : toMs(wait, 'resume.wait')
    return resumeAll(parts, waitMs)
  }

  const repairService: Engine['repair'] = async (service, { by } = {}) => {
    assertOpen('repair')
    return repair({ ...parts, assertOpen: () => assertOpen('repair') }, service, by)
  }

  async function rollback(service: string, request: RollbackRequest): Promise<Rollout> {
    assertOpen('rollback')
    const running = leading.of(service) ?? (await elsewhere.of(service))
    const turned = await turnBack(running, request)
    return turned ?? start({ ...(await planBack(leadership, service, request)), by: request.by })
  }

  async function planRollback(service: string, request: { to?: string } = {}): Promise<Plan> {
    assertOpen('planRollback')
    const turned = await planTurningBack(leadership, service, request)
    return turned ?? plan(await planBack(leadership, service, request))
  }

  const close = (): Promise<void> => {
    closed.abort(refuse('CHANGEOVER_ENGINE_CLOSED', { call: 'resume' }))
    return (closing ??= Promise.all([leading.letGo(), elsewhere.close()]).then(() => undefined))
  }
  return {
    plan,
    start,
    resume,
    repair: repairService,
    rollback,
    planRollback,
    rollout: async (id) => leading.get(id) ?? elsewhere.find(id),
    verify: (rollout) => verifyJournal(store, rollout),
    service: async (name) => serviceOf(name, await store.rollouts({ service: name })),
    history: (service) => store.rollouts({ service }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
