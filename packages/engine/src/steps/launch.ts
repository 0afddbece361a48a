import { bringUp, intendLaunches } from '../bring-up.ts'
import type { InstanceState } from '../rollout-state.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { stopInstance } from '../take-down.ts'
import { taskGroup } from '../task-group.ts'
import { assertNewStands, notReplaced } from '../upkeep.ts'

type LaunchStep = Extract<Step, { readonly step: 'launch' }>

/**
 * Launches what is missing of a release and waits until all of it is available. Instances that were being stopped when
 * the plan turned back are ended first: nobody else would, and together with new ones they could be too many.
 */
export async function launch(run: Run, step: LaunchStep): Promise<void> {
  await endStopping(run, step)
  const missing = step.instances - running(run, step).length
  const lost = notReplaced(run, step.release)
  if (missing > 0) await intendLaunches(run, step.release, missing, lost)
  const group = taskGroup(run.signal)
  for (const instance of running(run, step)) {
    group.run(() => bringUp(run, instance, step, group.signal))
  }
  await group.settle()
  assertNewStands(run)
}

async function endStopping(run: Run, { release, readyWithinMs }: LaunchStep): Promise<void> {
  const group = taskGroup(run.signal)
  for (const instance of run.state.instances.values()) {
    if (instance.release !== release || instance.phase !== 'stopping') continue
    group.run(() => stopInstance(run, instance, readyWithinMs, group.signal))
  }
  await group.settle()
}

function running({ state }: Run, { release }: LaunchStep): InstanceState[] {
  return [...state.instances.values()].filter(
    (instance) => instance.release === release && instance.phase !== 'stopping',
  )
}
