import { type Step, stepText } from '@changeover/engine'
import type { StepView } from '../api/index.ts'
import type { Story } from './story.ts'

/** The steps of the current direction, and where the rollout stands among them. */
export function stepViews(story: Story): StepView[] {
  const { steps, plan } = story.state
  return steps.map((step, index) => ({
    step: step.step,
    text: stepText(step, plan),
    state: stateOf(story, index),
    startedAt: story.stepStarts.get(index),
    endsAt: isActive(story, index) ? endsAt(story, step) : undefined,
    gate: gateOf(step),
  }))
}

/** Whether the step is under way now: between steps and after the end none is. */
export function isActive({ state }: Story, index: number): boolean {
  return (
    state.position === index && state.stepStartedAt !== undefined && state.outcome === undefined
  )
}

/** The name under which verdicts on a step are journaled. */
function gateOf(step: Step): string | undefined {
  if (step.step === 'judge' || step.step === 'approve') return step.gate
  return step.step === 'hook' ? step.name : undefined
}

function stateOf(story: Story, index: number): StepView['state'] {
  if (index < story.state.position) return 'done'
  return isActive(story, index) ? 'active' : 'next'
}

/** When the step's wait ends by itself, as far as the journal tells. */
function endsAt({ state }: Story, step: Step): number | undefined {
  const ms = waitOf(step)
  if (ms === undefined || state.paused || state.stepStartedAt === undefined) return undefined
  return state.stepStartedAt + state.pausedMs + ms
}

function waitOf(step: Step): number | undefined {
  switch (step.step) {
    case 'bake':
      return step.durationMs
    case 'judge':
      return step.deadlineMs
    case 'approve':
      return step.expiresMs
    case 'drain':
      return step.onDeadline === 'extend' ? undefined : step.deadlineMs
    case 'migrate':
    case 'launch':
    case 'shift':
    case 'replace':
    case 'hook':
    case 'stop':
      return undefined
  }
}
