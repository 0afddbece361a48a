import type { EngineParts } from './engine-parts.ts'
import { servicesOf } from './history.ts'
import { restoreAllRoutes } from './restore-routes.ts'
import type { Rollout } from './rollout.ts'
import { takeOverAll } from './takeover.ts'

/**
 * Goes on with what has no end yet, and looks after the routes of every other service: at the same time, so that no traffic
 * waits for leases.
 *
 * @throws what the store throws, and the reason of `signal`
 */
export async function resumeAll(parts: EngineParts, waitMs: number): Promise<readonly Rollout[]> {
  const history = await parts.settings.leadership.store.rollouts()
  const open = history.filter(({ outcome }) => outcome === undefined)
  const [taken] = await Promise.allSettled([
    takeOverAll({ ...parts, waitMs }, open),
    restoreAllRoutes(parts, servicesOf(history)),
  ])
  if (taken.status === 'rejected') throw taken.reason
  return taken.value
}
