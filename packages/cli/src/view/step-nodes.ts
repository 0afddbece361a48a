import type { RolloutView, StepView } from '@changeover/console/api'
import { shortSpan } from './amounts.ts'
import { gateNodes } from './gate-nodes.ts'
import type { RolloutPicture } from './rollout-picture.ts'
import type { Mark } from './style.ts'
import type { TreeNode } from './tree.ts'

/** Of a longer plan, those around the step under way are shown. */
const SHOWN_STEPS = 14
const SHOWN_BEFORE = 4

const STEP_MARKS: Readonly<Record<StepView['state'], Mark>> = {
  done: 'done',
  active: 'active',
  next: 'next',
}

/** The plan as it stands: a line for each step, with its gate below it. */
export function planNode(picture: RolloutPicture, now: number): TreeNode {
  const { steps, direction, strategy, position, outcome } = picture.view
  const done = steps.filter(({ state }) => state === 'done').length
  const isBack = direction === 'back'
  const text =
    outcome === undefined
      ? `step ${Math.min(position + 1, steps.length)} of ${steps.length}`
      : `${done} of ${steps.length}`
  return {
    icon: isBack ? '↩' : 'Σ',
    name: isBack ? 'way back' : strategy,
    kind: 'Plan',
    status: { mark: outcome === undefined ? 'active' : 'next', text },
    age: undefined,
    info: '',
    children: shownSteps(picture, now),
  }
}

function shownSteps(picture: RolloutPicture, now: number): TreeNode[] {
  const { steps, position } = picture.view
  if (steps.length <= SHOWN_STEPS) return steps.map((step, at) => stepNode(step, at, picture, now))
  const first = Math.max(0, Math.min(position - SHOWN_BEFORE, steps.length - SHOWN_STEPS))
  const last = first + SHOWN_STEPS
  const shown = steps.slice(first, last).map((step, at) => stepNode(step, first + at, picture, now))
  return [...rest(first, 'before'), ...shown, ...rest(steps.length - last, 'more')]
}

function rest(count: number, word: string): TreeNode[] {
  if (count <= 0) return []
  return [
    {
      icon: '',
      name: `… ${count} ${word}`,
      kind: '',
      status: undefined,
      age: undefined,
      info: '',
      children: [],
    },
  ]
}

function stepNode(step: StepView, at: number, picture: RolloutPicture, now: number): TreeNode {
  const gate = picture.view.gates.find((one) => one.gate === step.gate)
  const isStopped = step.state === 'active' && isWaiting(picture.view)
  return {
    icon: '',
    name: `${at + 1}. ${step.step}`,
    kind: step.gate === undefined ? 'Step' : 'Gate',
    status: { mark: isStopped ? 'waiting' : STEP_MARKS[step.state], text: stateText(step, now) },
    age: step.state === 'active' && step.startedAt !== undefined ? now - step.startedAt : undefined,
    info: step.text,
    children:
      gate && step.gate !== undefined
        ? gateNodes(gate, picture.looks[step.gate], picture.view.fourEyes)
        : [],
  }
}

function isWaiting({ status }: RolloutView): boolean {
  return status === 'paused' || status === 'waiting' || status === 'held'
}

function stateText({ state, endsAt }: StepView, now: number): string {
  if (state !== 'active' || endsAt === undefined) return state
  return endsAt > now ? `${shortSpan(endsAt - now)} left` : 'at its end'
}
