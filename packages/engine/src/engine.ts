import { refuse } from './changeover-error.ts'
import { type EngineOptions, type EngineSettings, readEngineOptions } from './engine-options.ts'
import { type Duration, toMs } from './duration.ts'
import { rollbackTarget, serviceOf, servicesOf } from './history.ts'
import { chainEntry, GENESIS_HASH } from './journal.ts'
import { lead, type Led } from './lead.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import { restoreAllRoutes } from './restore-routes.ts'
import { rolling } from './rolling.ts'
import type { Rollout } from './rollout.ts'
import { rolloutHandle } from './rollout-handle.ts'
import { foldEntry } from './rollout-state.ts'
import { takeOverAll } from './takeover.ts'
import type { RolloutSummary } from './store.ts'
import type { Service } from './service.ts'
import { readStartRequest, type StartRequest } from './start-request.ts'

/** Plans rollouts, carries them out, and resumes them after a crash. The only thing that acts. */
export interface Engine extends AsyncDisposable {
  /** What `start` would do: exactly the steps, without doing anything. @throws ChangeoverError for every refusal */
  plan(request: StartRequest): Promise<Plan>
  /** Starts a rollout. Resolves as soon as it is journaled; the rollout itself goes on. */
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
   * Goes back to a recorded release: aborts a rollout under way, or starts one to `to`.
   *
   * @param request.to id of the release; default the one before the current one
   */
  rollback(service: string, request: { by: string; to?: string }): Promise<Rollout>
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
  const { ports, store, leaseTtlMs } = settings.leadership
  const leading = new Map<string, Led>()
  const closed = new AbortController()
  let closing: Promise<void> | undefined

  const assertOpen = (call: string): void => {
    if (closed.signal.aborted) throw refuse('CHANGEOVER_ENGINE_CLOSED', { call })
  }
  const handle = (led: Led): Rollout => rolloutHandle(led, store, settings.newId)
  const follow = (led: Led): Rollout => {
    leading.set(led.state.id, led)
    void led.finished.then(() => leading.delete(led.state.id))
    return handle(led)
  }

  const plan = async (request: StartRequest): Promise<Plan> => {
    assertOpen('plan')
    return makePlan(ports, store, readStartRequest(request))
  }
  const start = async (request: StartRequest): Promise<Rollout> => {
    const written = await plan(request)
    assertOpen('start')
    return follow(await open(settings, written, request.by))
  }

  async function resume({ wait }: { wait?: Duration } = {}): Promise<readonly Rollout[]> {
    assertOpen('resume')
    const waitMs = wait === undefined ? leaseTtlMs : toMs(wait, 'resume.wait')
    const history = await store.rollouts()
    const unfinished = history.filter(({ outcome }) => outcome === undefined)
    const mine = unfinished.map(({ id }) => leading.get(id)).filter((led) => led !== undefined)
    const others = unfinished.filter(({ id }) => !leading.has(id))
    // First, so that no traffic waits for leases, and while a failure still leaves nothing under way.
    await restoreAllRoutes(settings, servicesOf(history))
    const taken = await takeOverAll(settings, others, { waitMs, signal: closed.signal, follow })
    return [...mine.map(handle), ...taken]
  }

  async function rollback(
    service: string,
    { by, to }: { by: string; to?: string },
  ): Promise<Rollout> {
    assertOpen('rollback')
    const running = runningTo(leading, service, to)
    if (running) return turnBack(handle(running), by)
    const { release, replicas } = rollbackTarget(service, await store.rollouts({ service }), to)
    return start({ service, release, replicas, strategy: rolling(), by })
  }

  const close = (): Promise<void> => {
    closed.abort(refuse('CHANGEOVER_ENGINE_CLOSED', { call: 'resume' }))
    return (closing ??= letGo(leading))
  }
  return {
    plan,
    start,
    resume,
    rollback,
    service: async (name) => serviceOf(name, await store.rollouts({ service: name })),
    history: (service) => store.rollouts({ service }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Takes the lease and journals the first entry of a new rollout. */
async function open(
  { leadership, holder, newId }: EngineSettings,
  plan: Plan,
  by: string | undefined,
): Promise<Led> {
  const { ports, store, leaseTtlMs } = leadership
  const lease = await store.lease(plan.service, holder, leaseTtlMs)
  const rollout = newId(plan.service)
  const created = chainEntry(
    { type: 'created', plan, ...(by === undefined ? {} : { by }) },
    { rollout, seq: 0, at: ports.clock.now(), fence: lease.fence, prev: GENESIS_HASH },
  )
  await store.append(rollout, 0, [created])
  return lead(leadership, foldEntry(undefined, created), lease)
}

/** Ends every run at a safe point and waits for it. */
async function letGo(leading: ReadonlyMap<string, Led>): Promise<void> {
  const all = [...leading.values()]
  for (const led of all) {
    led.interrupt(refuse('CHANGEOVER_ENGINE_CLOSED', { call: `rollout ${led.state.id}` }))
  }
  await Promise.all(all.map(({ finished }) => finished))
}

/** The rollout under way that leads away from where the service is to go back to. */
function runningTo(
  leading: ReadonlyMap<string, Led>,
  service: string,
  to: string | undefined,
): Led | undefined {
  const running = [...leading.values()].find(({ state }) => state.plan.service === service)
  return to === undefined || to === running?.state.plan.from?.id ? running : undefined
}

async function turnBack(rollout: Rollout, by: string): Promise<Rollout> {
  await rollout.abort({ by, reason: 'rolled back' })
  return rollout
}
