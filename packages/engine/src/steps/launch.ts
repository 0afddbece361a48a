import { refuse } from '../changeover-error.ts'
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
  if (step.atLeast !== undefined) return bringSomeUp(run, step, step.atLeast)
  const group = taskGroup(run.signal)
  for (const instance of running(run, step)) {
    group.run(() => bringUp(run, instance, step, group.signal))
  }
  await group.settle()
  assertNewStands(run)
}

/** One that cannot get ready does no harm while there are others. */
async function bringSomeUp(run: Run, step: LaunchStep, atLeast: number): Promise<void> {
  const group = taskGroup(run.signal)
  const failures: Error[] = []
  const all = running(run, step)
  let open = all.length
  const bring = async (instance: InstanceState): Promise<void> => {
    try {
      await bringUp(run, instance, step, group.signal)
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error), { cause: error }))
    }
    open -= 1
    run.pulse.beat()
  }
  try {
    for (const instance of all) group.run(() => bring(instance))
    for (;;) {
      const seen = run.pulse.count
      if ((run.state.counts.get(step.release)?.available ?? 0) >= atLeast) return
      if (open === 0) throw failures[0] ?? lostAll(step)
      await group.race(run.pulse.after(seen))
    }
  } finally {
    await group.cancel('those that are wanted are there')
  }
}

/** Each one that was brought up has ended since. */
function lostAll({ release }: LaunchStep): Error {
  const problem = `instances of "${release}" got ready and ended again`
  return refuse('CHANGEOVER_STEP_FAILED', { problem })
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
