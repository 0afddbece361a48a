import { refuse } from './changeover-error.ts'
import { isRepair } from './history.ts'
import type { Rollout } from './rollout.ts'
import type { StartRequest } from './start-request.ts'
import type { RolloutState } from './rollout-state.ts'
import { FULL_WEIGHT } from './route-table.ts'

/** A rollout that can be told from the one after it how far it is. */
export interface Superseded {
  readonly rollout: Rollout
  readonly state: RolloutState
}

/**
 * Ends the rollout under way for a newer release: early where its release has all traffic already, and by the way back
 * where it has not, or where it is a repair. Resolves when it has ended.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLOUT_RUNNING` where it did not end here
 */
export async function makeWay(
  { rollout, state }: Superseded,
  { release, by = 'engine.start' }: StartRequest,
): Promise<void> {
  const command = { by, reason: `superseded by ${release.id}` }
  const early = hasAllTraffic(state) && !isRepair(state.plan)
  const done = early ? rollout.promote(command) : rollout.rollback(command)
  // Refused where it goes back or has ended meanwhile, which is as good.
  await done.catch(() => undefined)
  const { outcome } = await rollout.finished
  if (outcome !== 'interrupted') return
  throw refuse('CHANGEOVER_ROLLOUT_RUNNING', { service: rollout.service, rollout: rollout.id })
}

function hasAllTraffic({ converged, direction, plan }: RolloutState): boolean {
  const served = converged?.pools.filter(({ weight }) => weight > 0) ?? []
  const [only] = served
  const whole = served.length === 1 && only?.release === plan.to.id && only.weight === FULL_WEIGHT
  return direction === 'forward' && whole
}
