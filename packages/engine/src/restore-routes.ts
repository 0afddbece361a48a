import { answerWithin } from './answer-within.ts'
import { ChangeoverError } from './changeover-error.ts'
import type { EngineParts } from './engine-parts.ts'
import { serviceOf } from './history.ts'
import type { Instance } from './instance.ts'
import type { Leadership } from './lead.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Service } from './service.ts'

/** How long a router may take to follow, in milliseconds. */
const CONVERGE_WITHIN_MS = 60_000
/** A router that does not say by then what it knows of a service is asked the next time. */
const ANSWER_WITHIN_MS = 10_000
/** Services that are looked after at once. */
const AT_ONCE = 32

/** Looks after every service. What fails with one is told by the log, and keeps no other waiting for long. */
export async function restoreAllRoutes(
  parts: EngineParts,
  services: readonly Service[],
): Promise<void> {
  const { logger } = parts.settings.leadership
  const left = services.filter(({ current, rollout }) => current && rollout === undefined).values()
  const work = async (): Promise<void> => {
    for (const { name } of left) {
      try {
        await restoreRoutes(parts, name)
      } catch (error) {
        if (parts.signal.aborted) return
        logger.warn({ err: error, service: name }, 'the routes could not be looked after')
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/**
 * Puts the current release of a service back in front of its traffic where the router knows nothing of the service:
 * a router that lives in the engine's process forgets its tables with it, while the instances serve on. Does nothing
 * where the router has a table, where no instance is ready, or where somebody is at work on the service.
 */
async function restoreRoutes(parts: EngineParts, service: string): Promise<void> {
  const { settings, turns, signal } = parts
  const { router, clock } = settings.leadership.ports
  const { table } = await answerWithin({ clock, limitMs: ANSWER_WITHIN_MS, signal }, (within) =>
    router.observe(service, { signal: within }),
  )
  if (table || turns.busy(service)) return
  await turns.take(service, () => restoreNow(parts, service))
}

async function restoreNow(
  { settings: { leadership, holder }, leading, signal }: EngineParts,
  service: string,
): Promise<void> {
  const { ports, store, leaseTtlMs, logger } = leadership
  const { current, rollout } = serviceOf(service, await store.rollouts({ service }))
  if (!current || rollout !== undefined || leading.of(service)) return
  const { table, revision } = await ports.router.observe(service, { signal })
  const instances = table ? [] : await readyInstances({ ports }, service, current.id)
  if (instances.length === 0) return
  const lease = await store.lease(service, holder, leaseTtlMs).catch((error: unknown) => {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD') return undefined
    throw error
  })
  if (!lease) return
  try {
    const pools = [{ release: current.id, weight: FULL_WEIGHT, instances }]
    const receipt = await ports.router.apply({
      service,
      revision: revision + 1,
      fence: lease.fence,
      pools,
    })
    const proof = await ports.router.converge(receipt, { deadline: CONVERGE_WITHIN_MS, signal })
    logger.warn({ ...receipt, ...proof }, 'the router had forgotten the service')
  } finally {
    await store.release(lease).catch(() => undefined)
  }
}

async function readyInstances(
  { ports: { fleet } }: Pick<Leadership, 'ports'>,
  service: string,
  release: string,
): Promise<Instance[]> {
  const running = (await fleet.list(service)).filter((instance) => instance.release === release)
  const readiness = await Promise.all(running.map((instance) => fleet.probe(instance)))
  return running.filter((_, i) => readiness[i]?.ready)
}
