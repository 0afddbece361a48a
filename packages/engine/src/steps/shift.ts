import { putInForce, weightedPools } from '../routes.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'

type ShiftStep = Extract<Step, { readonly step: 'shift' }>

/** Puts the step's weights in force and waits until the router was seen to follow. */
export async function shift(run: Run, { weights }: ShiftStep): Promise<void> {
  await putInForce(run, weightedPools(run.state, weights), run.signal)
}
