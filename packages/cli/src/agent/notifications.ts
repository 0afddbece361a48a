import type { Notifier } from '@changeover/engine'
import {
  commandNotifier,
  type Courier,
  createCourier,
  webhookNotifier,
} from '@changeover/notifiers'
import { dirname } from 'node:path'
import type { AgentConfig } from '../config/agent-config.ts'
import { trusted } from '../config/trusted.ts'
import type { AgentWorld } from './agent-world.ts'
import { type PortContext, closeGiven, readSecrets } from './make-ports.ts'

/** Tells the notifiers of the config what happens, at least once, over crashes of the agent. */
export interface Notifications {
  /** Begins; only the agent that acts tells. */
  start(): Promise<void>
  /**
   * Makes the notifiers of another config.
   *
   * @returns what brings them into force
   * @throws ChangeoverError for options that one of them refuses
   */
  prepare(config: AgentConfig): () => Promise<void>
  close(): Promise<void>
}

type Notifiers = Readonly<Record<string, Notifier>>

/**
 * @param world what is told of
 * @param station begins the names of this agent and of those that ran in its directory before
 */
export function createNotifications(world: AgentWorld, station: string): Notifications {
  const { files, logger, store, inForce } = world
  let notifiers = makeNotifiers(inForce.config, world)
  let courier: Courier | undefined
  let started = false
  const open = async (): Promise<void> => {
    if (Object.keys(notifiers).length === 0) return
    // Agents that share a store each tell of their own rollouts.
    const isShared = inForce.config.store.kind !== 'file'
    courier = createCourier({
      store,
      notifiers,
      directory: files.notifications,
      ...(isShared ? { only: ({ holder }) => holder?.startsWith(station) ?? false } : {}),
      logger,
    })
    const opened = courier
    await opened.started.catch(async (error: unknown) => {
      await opened.close()
      throw error
    })
  }
  const end = async (): Promise<void> => {
    await courier?.close()
    courier = undefined
    await Promise.all(Object.values(notifiers).map(closeGiven))
  }
  return {
    async start() {
      started = true
      await open()
    },
    prepare(config) {
      const next = makeNotifiers(config, world)
      return async () => {
        await end()
        notifiers = next
        if (started) await open()
      }
    },
    close: end,
  }
}

function makeNotifiers(config: AgentConfig, context: PortContext): Notifiers {
  const made = [...config.notifiers].map(([name, choice]) => {
    if (choice.kind === 'given') return [name, choice.given] as const
    const path = ['notifiers', name, choice.kind]
    const { logger } = context
    const options = readSecrets(choice.options, path, context.secrets)
    const make = (): Notifier =>
      choice.kind === 'webhook'
        ? webhookNotifier({ ...trusted<Parameters<typeof webhookNotifier>[0]>(options), logger })
        : commandNotifier({
            cwd: dirname(config.file),
            ...trusted<Parameters<typeof commandNotifier>[0]>(options),
            logger,
          })
    return [name, config.blame(path, make)] as const
  })
  return Object.fromEntries(made)
}
