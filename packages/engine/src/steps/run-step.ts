import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { approve } from './approve.ts'
import { bake } from './bake.ts'
import { drain, stop } from './drain.ts'
import { hook } from './hook.ts'
import { judge } from './judge.ts'
import { launch } from './launch.ts'
import { migrate } from './migrate.ts'
import { replace } from './replace.ts'
import { shift } from './shift.ts'

/** Takes one step to its end. Every step may be begun again after a crash and goes on from what it observes. */
export async function runStep(run: Run, step: Step): Promise<void> {
  switch (step.step) {
    case 'approve':
      return approve(run, step)
    case 'bake':
      return bake(run, step)
    case 'drain':
      return drain(run, step)
    case 'hook':
      return hook(run, step)
    case 'judge':
      return judge(run, step)
    case 'launch':
      return launch(run, step)
    case 'migrate':
      return migrate(run, step)
    case 'replace':
      return replace(run, step)
    case 'shift':
      return shift(run, step)
    case 'stop':
      return stop(run, step)
  }
}
