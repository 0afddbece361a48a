import { formatPlan, type Plan, type Step } from '@changeover/engine'
import type { PlanView } from '../api/index.ts'
import { withoutSpec } from './release-view.ts'

/** A plan as the API tells it: no release has its spec. */
export function planView(plan: Plan): PlanView {
  const bare = barePlan(plan)
  return { plan: bare, text: formatPlan(bare) }
}

export function barePlan(plan: Plan): Plan {
  return {
    ...plan,
    from: plan.from && withoutSpec(plan.from),
    to: withoutSpec(plan.to),
    steps: plan.steps.map(bareStep),
    rollback: plan.rollback.map(bareStep),
  }
}

export function bareStep(step: Step): Step {
  if (step.step !== 'migrate' || !step.live) return step
  return { ...step, live: step.live.map(withoutSpec) }
}
