import { assertAboveFloor, rollbackTarget } from './history.ts'
import type { Leadership } from './lead.ts'
import { restore } from './restore.ts'
import type { Rollout } from './rollout.ts'
import type { StartRequest } from './start-request.ts'
import type { Superseded } from './supersede.ts'

export interface RollbackRequest {
  readonly by: string
  /** Id of the release. @default the one before the current one */
  readonly to?: string
}

/** Takes the rollout under way back, where it came from the release that is asked for. */
export async function turnBack(
  running: Superseded | undefined,
  { by, to }: RollbackRequest,
): Promise<Rollout | undefined> {
  if (!running || (to !== undefined && to !== running.state.plan.from?.id)) return undefined
  await running.rollout.rollback({ by, reason: 'rolled back' })
  return running.rollout
}

/**
 * What to start so that a recorded release is back.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE`
 */
export async function planBack(
  { ports, store }: Leadership,
  service: string,
  { by, to }: RollbackRequest,
): Promise<StartRequest> {
  const history = await store.rollouts({ service })
  const { release, replicas } = rollbackTarget(service, history, to)
  assertAboveFloor(service, history, release.id, await ports.migrations?.floor(service))
  return { service, release, replicas, strategy: restore(), by }
}
