import { bringUp, intendLaunches } from '../bring-up.ts'
import type { InstanceState } from '../rollout-state.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { taskGroup } from '../task-group.ts'

type LaunchStep = Extract<Step, { readonly step: 'launch' }>

/** Launches what is missing of a release and waits until all of it is available. */
export async function launch(run: Run, step: LaunchStep): Promise<void> {
  const missing = step.instances - running(run, step).length
  if (missing > 0) await intendLaunches(run, step.release, missing)
  const group = taskGroup(run.signal)
  for (const instance of running(run, step)) {
    group.run(() => bringUp(run, instance, step, group.signal))
  }
  await group.settle()
}

function running({ state }: Run, { release }: LaunchStep): InstanceState[] {
  return [...state.instances.values()].filter(
    (instance) => instance.release === release && instance.phase !== 'stopping',
  )
}
