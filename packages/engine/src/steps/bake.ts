import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { waitInStep } from '../step-wait.ts'

type BakeStep = Extract<Step, { readonly step: 'bake' }>

/** Waits; the time counts from the journaled start of the step, so a restart does not begin it anew. */
export async function bake(run: Run, { durationMs }: BakeStep): Promise<void> {
  await waitInStep(run, { activeMs: durationMs })
}
