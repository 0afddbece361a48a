import type { Step } from './step.ts'
import type { StrategyContext } from './strategy.ts'
import type { GateStep, JudgeStep } from './strategy-step.ts'

/** A judge step whose gate has a name. */
export type NamedJudge = JudgeStep & { readonly gate: string }

/** A gate of a strategy that needs nothing but the releases to be part of a plan. */
export type NamedGate = Exclude<GateStep, { readonly step: 'judge' }> | NamedJudge

/** A gate as the plan holds it: a judge is told whom it judges, and compared with whom. */
export function planGate(step: NamedGate, { from, to }: StrategyContext): Step {
  if (step.step !== 'judge') return step
  // Without a release in place only bounds are judged, which need no baseline.
  return { ...step, candidate: to.id, baseline: from?.id ?? to.id }
}
