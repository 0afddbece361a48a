import { paths, type RolloutView, type ServiceView } from '@changeover/console/api'
import type { Client } from '../client/client.ts'
import { CommandError, commandError } from '../client/command-error.ts'
import type { Shell } from './shell.ts'

/**
 * The rollout that a word means: that of the service under way, or the one with this id.
 *
 * @throws CommandError `CHANGEOVER_NOTHING_UNDER_WAY`, and what the agent says of an unknown name
 */
export async function rolloutMeant(shell: Shell, client: Client): Promise<RolloutView> {
  const word = shell.options.argument(0)
  const service = await known(client.get<ServiceView>(paths.service(word)))
  if (!service) return client.get<RolloutView>(paths.rollout(word))
  if (service.rollout) return client.get<RolloutView>(paths.rollout(service.rollout.id))
  throw commandError('CHANGEOVER_NOTHING_UNDER_WAY', { service: word, command: shell.command })
}

/** Undefined where there is no such service: the word may be that of a rollout. */
async function known<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof CommandError && /_(?:UNKNOWN|NOT_FOUND)$/.test(error.code))
      return undefined
    throw error
  }
}
