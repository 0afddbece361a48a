import { refuse } from './changeover-error.ts'
import type { Fence } from './fence.ts'

/**
 * Remembers the highest fence seen of each service, and refuses what comes from an engine that no longer leads. For
 * fleets; one check for all of a fleet's calls.
 *
 * @throws ChangeoverError `CHANGEOVER_FENCE_STALE`, from the function that it returns
 * @example
 * ```ts
 * const checkFence = createFenceCheck()
 * checkFence('shop', 4)
 * checkFence('shop', 3) // throws
 * ```
 */
export function createFenceCheck(): (service: string, fence: Fence | undefined) => void {
  const highest = new Map<string, Fence>()
  return (service, fence) => {
    const current = highest.get(service) ?? 0
    if (fence === undefined) return
    if (fence < current)
      throw refuse('CHANGEOVER_FENCE_STALE', { fence, service, current: `fence ${current}` })
    highest.set(service, fence)
  }
}
