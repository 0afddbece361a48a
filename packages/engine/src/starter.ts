import { refuse } from './changeover-error.ts'
import type { EngineSettings } from './engine-options.ts'
import type { Lease } from './fence.ts'
import { foldEntry } from './fold-journal.ts'
import { chainEntry, GENESIS_HASH } from './journal.ts'
import { lead, type Led } from './lead.ts'
import type { Leading } from './leading.ts'
import type { Plan } from './plan.ts'
import { makePlan } from './planner.ts'
import type { Rollout } from './rollout.ts'
import type { StartRequest } from './start-request.ts'
import type { Store } from './store.ts'
import { makeWay } from './supersede.ts'
import { createTurns } from './turns.ts'

export interface Starter {
  /** Starts the rollout of a checked request. One after the other for each service. */
  start(request: StartRequest): Promise<Rollout>
}

export interface StarterOptions {
  readonly settings: EngineSettings
  readonly leading: Leading
  /** @throws ChangeoverError `CHANGEOVER_ENGINE_CLOSED` */
  readonly assertOpen: () => void
}

/** How often a plan is made anew because another engine was faster. */
const ATTEMPTS = 3

export function createStarter({ settings, leading, assertOpen }: StarterOptions): Starter {
  const { ports, store, leaseTtlMs } = settings.leadership
  const turns = createTurns()

  async function start(request: StartRequest): Promise<Rollout> {
    const { service } = request
    const before = request.supersede ? leading.of(service) : undefined
    if (before) await makeWay(before, request)
    for (let attempt = 1; ; attempt += 1) {
      const known = await journalsOf(store, service)
      const plan = await makePlan(ports, store, request)
      assertOpen()
      const lease = await store.lease(service, settings.holder, leaseTtlMs)
      try {
        const current = (await journalsOf(store, service)) === known
        assertOpen()
        if (current) return leading.follow(await open(settings, plan, lease, request.by))
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
async function journalsOf(store: Store, service: string): Promise<string> {
  const history = await store.rollouts({ service })
  return history.map(({ id, outcome = 'open' }) => `${id} ${outcome}`).join('\n')
}

/** Journals the first entry of a new rollout, and leads it. */
async function open(
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
