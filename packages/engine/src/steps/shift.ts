import { putInForce, targetRouting } from '../routes.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'

type ShiftStep = Extract<Step, { readonly step: 'shift' }>

/** Puts the step's routing in force and waits until the router was seen to follow. */
export async function shift(run: Run, target: ShiftStep): Promise<void> {
  await putInForce(run, targetRouting(run.state, target), run.signal)
}
