import { ChangeoverError, refuse } from './changeover-error.ts'
import { type EngineOptions, type EngineSettings, readEngineOptions } from './engine-options.ts'
import { rollbackTarget, serviceOf } from './history.ts'
import { chainEntry, type Entry, GENESIS_HASH } from './journal.ts'
import { lead, type Led } from './lead.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import { rolling } from './rolling.ts'
import type { Rollout } from './rollout.ts'
import { rolloutHandle } from './rollout-handle.ts'
import { foldEntry, foldJournal, type RolloutState } from './rollout-state.ts'
import type { RolloutSummary, Store } from './store.ts'
import type { Service } from './service.ts'
import { readStartRequest, type StartRequest } from './start-request.ts'

/** Plans rollouts, carries them out, and resumes them after a crash. The only thing that acts. */
export interface Engine extends AsyncDisposable {
  /** What `start` would do: exactly the steps, without doing anything. @throws ChangeoverError for every refusal */
  plan(request: StartRequest): Promise<Plan>
  /** Starts a rollout. Resolves as soon as it is journaled; the rollout itself goes on. */
  start(request: StartRequest): Promise<Rollout>
  /** Goes on with every rollout that has no end yet. Rollouts that another engine leads are left to it. */
  resume(): Promise<readonly Rollout[]>
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
  const { ports, store } = settings.leadership
  const leading = new Map<string, Led>()
  let closing: Promise<void> | undefined

  const assertOpen = (call: string): void => {
    if (closing) throw refuse('CHANGEOVER_ENGINE_CLOSED', { call })
  }
  const handle = (led: Led): Rollout => rolloutHandle(led, store, settings.newId)
  const follow = (led: Led): Rollout => {
    leading.set(led.state.id, led)
    void led.finished.then(() => leading.delete(led.state.id))
    return handle(led)
  }

  async function plan(request: StartRequest): Promise<Plan> {
    assertOpen('plan')
    return makePlan(ports, store, readStartRequest(request))
  }

  async function start(request: StartRequest): Promise<Rollout> {
    const written = await plan(request)
    assertOpen('start')
    return follow(await open(settings, written, request.by))
  }

  async function resume(): Promise<readonly Rollout[]> {
    assertOpen('resume')
    const unfinished = await store.rollouts({ open: true })
    const mine = unfinished.map(({ id }) => leading.get(id)).filter((led) => led !== undefined)
    const others = unfinished.filter(({ id }) => !leading.has(id))
    const taken = await Promise.all(others.map((one) => takeOver(settings, one)))
    return [...mine.map(handle), ...taken.filter((led) => led !== undefined).map(follow)]
  }

  async function rollback(
    service: string,
    { by, to }: { by: string; to?: string },
  ): Promise<Rollout> {
    assertOpen('rollback')
    const running = [...leading.values()].find(({ state }) => state.plan.service === service)
    if (running && (to === undefined || to === running.state.plan.from?.id)) {
      const rollout = handle(running)
      await rollout.abort({ by, reason: 'rolled back' })
      return rollout
    }
    const { release, replicas } = rollbackTarget(service, await store.rollouts({ service }), to)
    return start({ service, release, replicas, strategy: rolling(), by })
  }

  const close = (): Promise<void> => (closing ??= letGo(leading))
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

/** Goes on with a rollout that has no end; undefined where another engine leads it. */
async function takeOver(
  { leadership, holder }: EngineSettings,
  { id, service }: RolloutSummary,
): Promise<Led | undefined> {
  const { store, leaseTtlMs } = leadership
  try {
    const lease = await store.lease(service, holder, leaseTtlMs)
    return lead(leadership, await readState(store, id), lease)
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD') return undefined
    throw error
  }
}

async function readState(store: Store, id: string): Promise<RolloutState> {
  const entries: Entry[] = []
  for await (const entry of store.read(id)) entries.push(entry)
  return foldJournal(entries)
}

async function letGo(leading: ReadonlyMap<string, Led>): Promise<void> {
  const all = [...leading.values()]
  for (const led of all) {
    led.interrupt(refuse('CHANGEOVER_ENGINE_CLOSED', { call: `rollout ${led.state.id}` }))
  }
  await Promise.all(all.map(({ finished }) => finished))
}
