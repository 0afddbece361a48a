import { isNarrowing } from './plan-migrations.ts'
import type { Run } from './run.ts'
import type { Step } from './step.ts'

type MigrateStep = Extract<Step, { readonly step: 'migrate' }>

/**
 * Why the release in place can no longer run, where a phase of this plan that did not have to spare it has begun;
 * undefined where it can. The guard is asked, since a phase may have been broken off half way: a floor that has moved
 * counts as moved above it, and a guard that does not answer leaves nothing to rely on.
 */
export async function closedWayBack({
  ports,
  state,
  signal,
}: Pick<Run, 'ports' | 'signal' | 'state'>): Promise<string | undefined> {
  const { service, from, steps } = state.plan
  const begun = steps.slice(0, state.position + (state.stepStartedAt === undefined ? 0 : 1))
  const step = from && begun.find((one) => givesUp(one, from.id))
  if (!step) return undefined
  try {
    const floor = await ports.migrations?.floor(service, { signal })
    if (floor === undefined || floor === from.id || floor === step.floor) return undefined
    return `the schema is past what "${from.id}" needs, the lowest release that may start is "${floor}"`
  } catch (error) {
    return `whether "${from.id}" can still run on the schema is not known: ${String(error)}`
  }
}

/** Whether a phase takes something away without having to spare the release. */
function givesUp(step: Step, release: string): step is MigrateStep {
  if (step.step !== 'migrate' || !isNarrowing(step.phase)) return false
  return step.live?.some(({ id }) => id === release) === false
}
