import type { InstanceState } from '../rollout-state.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { drainInstance, stopInstance } from '../take-down.ts'
import { taskGroup } from '../task-group.ts'

type DrainStep = Extract<Step, { readonly step: 'drain' }>
type StopStep = Extract<Step, { readonly step: 'stop' }>

/** Waits until no instance of a release has a request in flight. They must be out of the routes already. */
export async function drain(run: Run, step: DrainStep): Promise<void> {
  await forEach(run, step.release, (instance, signal) => drainInstance(run, instance, step, signal))
}

/** Stops the instances of a release, each after one more look at the router. */
export async function stop(run: Run, { release, deadlineMs }: StopStep): Promise<void> {
  await forEach(run, release, (instance, signal) => stopInstance(run, instance, deadlineMs, signal))
}

async function forEach(
  run: Run,
  release: string,
  task: (instance: InstanceState, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const group = taskGroup(run.signal)
  for (const instance of run.state.instances.values()) {
    if (instance.release === release) group.run(() => task(instance, group.signal))
  }
  await group.settle()
}
