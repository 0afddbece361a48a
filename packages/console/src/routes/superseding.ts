import { FULL_WEIGHT, type RolloutState } from '@changeover/engine'
import type { Actor } from '../access/access.ts'
import { assertMay } from '../access/policy.ts'
import { rolloutView } from '../views/rollout-view.ts'
import { type ConsoleParts, fourEyesOf, storyOf } from './console-parts.ts'

/**
 * Superseding ends a rollout that has all traffic as promoted, with every approval still to come overridden. So where
 * one comes behind all traffic, it is for those who may promote.
 *
 * @throws ConsoleError `CHANGEOVER_CONSOLE_FOUR_EYES` (403)
 */
export async function assertMaySupersede(
  parts: Pick<ConsoleParts, 'store' | 'services'>,
  service: string,
  actor: Actor,
): Promise<void> {
  const [open] = await parts.store.rollouts({ service, open: true })
  if (!open) return
  const story = await storyOf(parts, open.id)
  if (!asksWithAllTraffic(story.state)) return
  const fourEyes = fourEyesOf(parts)(service)
  assertMay(actor, 'promote', rolloutView(story), { fourEyes })
}

/** Whether an approval is missing that is asked for when the new release has all traffic. Where it stands now may change. */
function asksWithAllTraffic({ plan, direction, approvals }: RolloutState): boolean {
  if (direction === 'back') return false
  const whole = plan.steps.findIndex(
    (step) =>
      step.step === 'replace' ||
      (step.step === 'shift' && step.weights[plan.to.id] === FULL_WEIGHT),
  )
  return plan.steps.some(
    (step, at) =>
      step.step === 'approve' &&
      whole >= 0 &&
      at > whole &&
      (approvals.get(step.gate)?.size ?? 0) < step.quorum,
  )
}
