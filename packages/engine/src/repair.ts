import { answerWithin } from './answer-within.ts'
import { ChangeoverError } from './changeover-error.ts'
import { checkPlan } from './check-plan.ts'
import type { EngineParts } from './engine-parts.ts'
import type { EngineSettings } from './engine-options.ts'
import type { Lease } from './fence.ts'
import { hasServed, isFrozen, replicasOf, serviceOf } from './history.ts'
import { planRepair } from './repair-plan.ts'
import { type RepairNeed, repairNeed, type ServiceSight, type ServiceWish } from './repair-need.ts'
import type { Rollout } from './rollout.ts'
import type { Ports } from './run.ts'
import { journalsOf, openRollout } from './starter.ts'
import type { RolloutSummary } from './store.ts'

export interface RepairParts extends EngineParts {
  /** @throws ChangeoverError `CHANGEOVER_ENGINE_CLOSED` */
  readonly assertOpen: () => void
}

/** An instance that is not ready counts as unready after so many looks; one may be bad luck. */
const LOOKS = 3
const LOOK_AGAIN_AFTER_MS = 1_000
/** Whoever wants to begin a rollout meanwhile waits for the look to end. */
const LOOK_WITHIN_MS = 20_000

/** Starts what puts a service right; undefined where nothing is wrong, or where somebody is at work on it already. */
export async function repair(
  parts: RepairParts,
  service: string,
  by: string | undefined,
): Promise<Rollout | undefined> {
  const { turns, leading } = parts
  if (turns.busy(service) || leading.of(service)) return undefined
  return turns.take(service, () => repairInTurn(parts, service, by))
}

async function repairInTurn(
  parts: RepairParts,
  service: string,
  by: string | undefined,
): Promise<Rollout | undefined> {
  const { settings, leading, assertOpen } = parts
  const { ports, store } = settings.leadership
  const history = await store.rollouts({ service })
  const known = journalsOf(history)
  const { current, rollout } = serviceOf(service, history)
  const replicas = replicasOf(history)
  if (!current || replicas === undefined || rollout !== undefined || leading.of(service))
    return undefined
  const wish = { service, current, replicas, frozen: isFrozen(history) }
  const found = await look(parts, wish)
  if (!found) return undefined
  const lease = await leaseIfFree(settings, service)
  if (!lease) return undefined
  try {
    const same = journalsOf(await store.rollouts({ service })) === known
    assertOpen()
    if (same) {
      const router = await ports.router.probe()
      const unwanted = unwantedOf(found.sight, wish, history)
      const plan = planRepair({ ...wish, ...found, running: found.sight.running.length, unwanted })
      const others = Object.keys(unwanted)
      const checked = checkPlan(plan, ports, { router, running: found.need.ready, others })
      assertOpen()
      return leading.follow(await openRollout(settings, checked, lease, by))
    }
  } catch (error) {
    await store.release(lease).catch(() => undefined)
    throw error
  }
  await store.release(lease)
  return undefined
}

interface Found {
  readonly sight: ServiceSight
  readonly need: RepairNeed
}

async function look(
  { settings, signal }: RepairParts,
  wish: ServiceWish,
): Promise<Found | undefined> {
  const { ports } = settings.leadership
  for (let n = 1; ; n += 1) {
    const limit = { clock: ports.clock, limitMs: LOOK_WITHIN_MS, signal }
    const sight = await answerWithin(limit, (within) => see(ports, wish.service, within))
    const need = repairNeed(sight, wish)
    if (!need || need.unready === 0 || need.missing > 0 || n === LOOKS)
      return need && { sight, need }
    await ports.clock.sleep(LOOK_AGAIN_AFTER_MS, { signal })
  }
}

async function see(
  { fleet, router }: Ports,
  service: string,
  signal: AbortSignal,
): Promise<ServiceSight> {
  const [running, routes] = await Promise.all([
    fleet.list(service, { signal }),
    router.observe(service, { signal }),
  ])
  const probed = await Promise.all(running.map((one) => fleet.probe(one, { signal })))
  const ready = running.filter((_, i) => probed[i]?.ready)
  return { running, routes, ready: new Set(ready.map(({ id }) => id)) }
}

/** What runs of releases that never served: nobody goes back there. Whatever has served may be kept on purpose. */
function unwantedOf(
  { running }: ServiceSight,
  { current }: ServiceWish,
  history: readonly RolloutSummary[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { release } of running) {
    if (release === current.id || hasServed(history, release)) continue
    counts[release] = (counts[release] ?? 0) + 1
  }
  return counts
}

async function leaseIfFree(
  { leadership, holder }: EngineSettings,
  service: string,
): Promise<Lease | undefined> {
  const { store, leaseTtlMs } = leadership
  try {
    return await store.lease(service, holder, leaseTtlMs)
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD') return undefined
    throw error
  }
}
