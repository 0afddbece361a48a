import { ChangeoverError } from './changeover-error.ts'
import type { EngineSettings } from './engine-options.ts'
import type { Instance } from './instance.ts'
import type { Leadership } from './lead.ts'
import { FULL_WEIGHT } from './route-table.ts'
import type { Service } from './service.ts'

/** How long a router may take to follow, in milliseconds. */
const CONVERGE_WITHIN_MS = 60_000

/** Looks after every service in turn. */
export async function restoreAllRoutes(
  { leadership, holder }: EngineSettings,
  services: readonly Service[],
): Promise<void> {
  for (const service of services) await restoreRoutes(leadership, holder, service)
}

/**
 * Puts the current release of a service back in front of its traffic where the router knows nothing of the service:
 * a router that lives in the engine's process forgets its tables with it, while the instances serve on. Does nothing
 * where the router has a table, where no instance is ready, or where another engine leads.
 */
async function restoreRoutes(
  { ports, store, leaseTtlMs, logger }: Leadership,
  holder: string,
  { name: service, current, rollout }: Service,
): Promise<void> {
  if (!current || rollout !== undefined) return
  const { router } = ports
  const { table, revision } = await router.observe(service)
  if (table) return
  const instances = await readyInstances({ ports }, service, current.id)
  if (instances.length === 0) return
  try {
    const lease = await store.lease(service, holder, leaseTtlMs)
    const pools = [{ release: current.id, weight: FULL_WEIGHT, instances }]
    const receipt = await router.apply({
      service,
      revision: revision + 1,
      fence: lease.fence,
      pools,
    })
    const proof = await router.converge(receipt, { deadline: CONVERGE_WITHIN_MS })
    logger.warn({ ...receipt, ...proof }, 'the router had forgotten the service')
    await store.release(lease)
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_LEASE_HELD') return
    throw error
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
