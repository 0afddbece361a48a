import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, wordsOf } from './agent-error.ts'
import type { AgentState } from './agent-view.ts'
import { type AgentWorld, stationOf } from './agent-world.ts'
import { releaseDeadLeases } from './dead-leases.ts'
import { createNotifications, type Notifications } from './notifications.ts'
import { startUpkeep, type Upkeep } from './upkeep.ts'

/** How often a standby looks whether the instances are free. */
const TAKE_OVER_EVERY_MS = 1_000

/** After notifiers could not be told, for instance because the store was away. */
const TELL_AGAIN_AFTER_MS = 5_000

/** Being the one that acts: from the moment that the instances are free to be taken over. */
export interface Duty {
  readonly notifications: Notifications
  /** Resolves when it is clear whether this agent acts or stands by. */
  begin(): Promise<void>
  /** After the services of the config have changed. */
  follow(): void
  /** Lets go of rollouts and tells what is still to be told. */
  close(): Promise<void>
}

export function createDuty(world: AgentWorld, state: AgentState): Duty {
  const { engine, logger } = world
  const closing = new AbortController()
  const notifications = createNotifications(world, stationOf(world.files))
  let upkeep: Upkeep | undefined
  let waiting: Promise<void> | undefined
  let telling: Promise<void> | undefined
  const tryOnce = async (): Promise<boolean> => {
    if (!(await isTaken(world))) return false
    state.state = 'active'
    telling = startTelling(world, notifications, closing.signal)
    await freeLeases(world)
    upkeep = upkeepOf(world)
    return true
  }
  const wait = async (): Promise<void> => {
    while (!(await tryQuietly(tryOnce, world)))
      await sleep(TAKE_OVER_EVERY_MS, undefined, { signal: closing.signal })
    logger.warn('took over from an agent that is gone')
  }
  return {
    notifications,
    async begin() {
      if (await tryOnce()) return
      state.state = 'standby'
      logger.warn('another agent has the instances: standing by')
      // Ends by taking over, or by being closed.
      waiting = wait().catch(() => undefined)
    },
    follow: () => upkeep?.follow(),
    async close() {
      closing.abort()
      await waiting
      await telling
      await upkeep?.close()
      await engine.close()
      await notifications.close()
    },
  }
}

async function tryQuietly(take: () => Promise<boolean>, { logger }: AgentWorld): Promise<boolean> {
  try {
    return await take()
  } catch (error) {
    logger.error({ reason: wordsOf(error) }, 'could not take over')
    return false
  }
}

/** Services do not wait for this: it is tried until it succeeds, and misses nothing meanwhile. */
async function startTelling(
  { logger }: AgentWorld,
  notifications: Notifications,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await notifications.start()
    } catch (error) {
      logger.error({ reason: wordsOf(error) }, 'notifiers are not told yet')
      await sleep(TELL_AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

async function freeLeases({ store, files, holder, logger }: AgentWorld): Promise<void> {
  try {
    await releaseDeadLeases(store, stationOf(files), holder)
  } catch (error) {
    logger.error({ reason: wordsOf(error) }, 'leases of before are waited for')
  }
}

function upkeepOf(world: AgentWorld): Upkeep {
  const { engine, store, fleet, router, logger, inForce } = world
  return startUpkeep({
    engine,
    store,
    fleet: fleet.fleet,
    router: router.router,
    services: () => [...inForce.config.services.keys()],
    openRouter: (service) => openRouter(world, service),
    logger,
  })
}

/** Whether the instances are this agent's now. */
async function isTaken({ fleet }: AgentWorld): Promise<boolean> {
  try {
    await fleet.open()
    return true
  } catch (error) {
    if (codeOf(error) === 'CHANGEOVER_PROCESS_DIRECTORY_OWNED') return false
    throw error
  }
}

/** Finds or starts the embedded router of a service, once; from then on it starts itself anew. */
async function openRouter(
  { router: { embedded }, logger }: AgentWorld,
  service: string,
): Promise<void> {
  if (!embedded || embedded.urls()[service] !== undefined) return
  const url = await embedded.listen(service)
  logger.info({ service, url }, 'service is reached here')
}
