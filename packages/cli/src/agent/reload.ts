import type { AgentConfig } from '../config/agent-config.ts'
import { loadConfig } from '../config/load-config.ts'
import { agentError } from './agent-error.ts'
import type { AgentWorld } from './agent-world.ts'
import { closeGiven } from './make-ports.ts'
import type { Notifications } from './notifications.ts'
import { restartNeeded } from './restart-needed.ts'

/**
 * Brings the config into force that its file holds now: whole, or not at all.
 *
 * @throws ChangeoverError what is wrong with it, `CHANGEOVER_AGENT_RESTART_NEEDED`, and what keeps a new service's router from
 *   listening; the config before is in force then
 */
export async function reloadConfig(
  world: AgentWorld,
  {
    isActive,
    notifications,
  }: { readonly isActive: boolean; readonly notifications: Notifications },
): Promise<void> {
  const { inForce, migrations, logger } = world
  const before = inForce.config
  const after = await loadConfig(before.file)
  const changed = restartNeeded(before, after)
  if (changed.length > 0)
    throw agentError('CHANGEOVER_AGENT_RESTART_NEEDED', { changed: changed.join(', ') })
  const commit = migrations.prepare(after.services.values())
  const tell = notifications.prepare(after)
  await openNewServices(world, { before, after, isActive })
  await commit()
  inForce.config = after
  await tell()
  await closeSpare(before, after)
  tellRemoved(before, after, world)
  logger.info({ services: [...after.services.keys()] }, 'config reloaded')
}

interface Reload {
  readonly before: AgentConfig
  readonly after: AgentConfig
  readonly isActive: boolean
}

async function openNewServices(
  { router: { embedded }, secrets }: AgentWorld,
  { before, after, isActive }: Reload,
): Promise<void> {
  for (const service of after.services.values()) secrets.hide(service.inherit)
  const fresh = [...after.services.values()].filter(({ name }) => !before.services.has(name))
  if (!embedded || !isActive) return fresh.forEach((service) => embedded?.set(service))
  const opened: string[] = []
  try {
    for (const service of fresh) {
      const path = ['services', service.name, 'router']
      if (after.blame(path, () => embedded.set(service))) opened.push(service.name)
      await embedded.listen(service.name)
    }
  } catch (error) {
    await Promise.all(opened.map((name) => embedded.remove(name).catch(() => undefined)))
    throw error
  }
}

/** Objects that the new config made, and for which those of the first one stay. */
async function closeSpare(before: AgentConfig, after: AgentConfig): Promise<void> {
  for (const part of ['router', 'store', 'fleet', 'metrics'] as const) {
    const [old, fresh] = [before[part], after[part]]
    if (old.kind === 'given' && fresh.kind === 'given' && old.given !== fresh.given)
      await closeGiven(fresh.given)
  }
}

function tellRemoved(before: AgentConfig, after: AgentConfig, { logger }: AgentWorld): void {
  const gone = [...before.services.keys()].filter((name) => !after.services.has(name))
  for (const service of gone)
    logger.warn(
      { service },
      'service is no longer in the config: it is kept as it runs, and not looked after',
    )
}
