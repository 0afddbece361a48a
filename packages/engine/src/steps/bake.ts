import type { Run } from '../run.ts'
import type { Step } from '../step.ts'

type BakeStep = Extract<Step, { readonly step: 'bake' }>

/** Waits; the time counts from the journaled start of the step, so a restart does not begin it anew. */
export async function bake(run: Run, { durationMs }: BakeStep): Promise<void> {
  const { clock } = run.ports
  const endsAt = (run.state.stepStartedAt ?? clock.now()) + durationMs
  if (clock.now() < endsAt) await clock.sleep(endsAt - clock.now(), { signal: run.signal })
}
