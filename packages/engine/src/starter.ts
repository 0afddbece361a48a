import { refuse } from './changeover-error.ts'
import type { EngineSettings } from './engine-options.ts'
import type { EngineParts } from './engine-parts.ts'
import type { Lease } from './fence.ts'
import { foldEntry } from './fold-journal.ts'
import { chainEntry, GENESIS_HASH } from './journal.ts'
import { isRepair } from './history.ts'
import { lead, type Led } from './lead.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import type { Rollout } from './rollout.ts'
import type { StartRequest } from './start-request.ts'
import type { RolloutSummary } from './store.ts'
import { makeWay } from './supersede.ts'

export interface Starter {
  /** Starts the rollout of a checked request. One after the other for each service. */
  start(request: StartRequest): Promise<Rollout>
}

export interface StarterOptions extends EngineParts {
  /** @throws ChangeoverError `CHANGEOVER_ENGINE_CLOSED` */
  readonly assertOpen: () => void
}

/** How often a plan is made anew because another engine was faster. */
const ATTEMPTS = 3

export function createStarter(options: StarterOptions): Starter {
  const { settings, leading, turns, assertOpen } = options
  const { ports, store, leaseTtlMs } = settings.leadership

  async function start(request: StartRequest): Promise<Rollout> {
    const { service } = request
    const before = leading.of(service)
    if (before && (request.supersede || isRepair(before.state.plan))) await makeWay(before, request)
    // Journaled as ended, and the lease not given back yet: the one that follows must not share it.
    else if (before?.state.outcome !== undefined) await before.rollout.finished
    for (let attempt = 1; ; attempt += 1) {
      const known = journalsOf(await store.rollouts({ service }))
      const plan = await makePlan(ports, store, request)
      assertOpen()
      const lease = await store.lease(service, settings.holder, leaseTtlMs)
      try {
        const current = journalsOf(await store.rollouts({ service })) === known
        assertOpen()
        if (current) return leading.follow(await openRollout(settings, plan, lease, request.by))
        // A plan that was made for what is no longer so must not be carried out.
        if (attempt === ATTEMPTS)
          throw refuse('CHANGEOVER_ROLLOUT_RUNNING', { service, rollout: 'of another engine' })
        await store.release(lease)
      } catch (error) {
        await store.release(lease).catch(() => undefined)
        throw error
      }
    }
  }

  return { start: (request) => turns.take(request.service, () => start(request)) }
}

/** Tells whether rollouts of the service began or ended meanwhile. */
export function journalsOf(history: readonly RolloutSummary[]): string {
  return history.map(({ id, outcome = 'open' }) => `${id} ${outcome}`).join('\n')
}

/** Journals the first entry of a new rollout, and leads it. */
export async function openRollout(
  { leadership, newId }: EngineSettings,
  plan: Plan,
  lease: Lease,
  by: string | undefined,
): Promise<Led> {
  const rollout = newId(plan.service)
  const created = chainEntry(
    { type: 'created', plan, ...(by === undefined ? {} : { by }) },
    { rollout, seq: 0, at: leadership.ports.clock.now(), fence: lease.fence, prev: GENESIS_HASH },
  )
  await leadership.store.append(rollout, 0, [created])
  return lead(leadership, foldEntry(undefined, created), lease)
}
