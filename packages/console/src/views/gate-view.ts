import { judgeThresholds, type Step } from '@changeover/engine'
import type { GateView } from '../api/index.ts'
import { cut } from './entry-view.ts'
import { isActive } from './step-view.ts'
import type { Story } from './story.ts'

type GateStep = Extract<Step, { readonly step: 'judge' | 'approve' | 'hook' }>

/** Every gate of the plan, in its order. On the way back none is asked any more. */
export function gateViews(story: Story): GateView[] {
  return story.state.plan.steps.flatMap((step, index) => {
    if (step.step !== 'judge' && step.step !== 'approve' && step.step !== 'hook') return []
    const open = story.state.direction === 'forward' && isActive(story, index)
    return [gateView(story, step, open)]
  })
}

function gateView({ state }: Story, step: GateStep, open: boolean): GateView {
  const gate = step.step === 'hook' ? step.name : step.gate
  const verdict = state.verdicts.get(gate)
  const asked = step.step === 'approve' ? step : undefined
  return {
    gate,
    kind: step.step,
    open,
    verdict: verdict && { ...verdict, reason: cut(verdict.reason) },
    thresholds: step.step === 'judge' ? judgeThresholds(step) : [],
    approvals: [...(state.approvals.get(gate) ?? [])],
    quorum: asked?.quorum ?? 0,
    notRequester: asked?.notRequester ?? false,
  }
}
