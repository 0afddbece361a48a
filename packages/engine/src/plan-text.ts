import { gateNeeds } from './gate-needs.ts'
import type { Plan } from './plan.ts'
import { stepText } from './step-text.ts'

/**
 * A plan for people: what happens in which order, the capacity that it takes, the requests that its verdicts rest on, and
 * the way back. For programs a plan is JSON: `JSON.stringify(plan)`.
 *
 * @example
 * ```ts
 * const plan = await engine.plan({ service: 'shop', release, replicas: 4, strategy: rolling() })
 * process.stdout.write(formatPlan(plan))
 * ```
 */
export function formatPlan(plan: Plan): string {
  const { service, strategy, from, to, replicas, capacity, warnings } = plan
  const before = from ? `"${from.id}" (${from.version})` : 'nothing'
  const sections = [
    `${strategy} of "${service}": ${before} -> "${to.id}" (${to.version}), ${replicasOf(replicas)}`,
    numbered(plan.steps.map((step, i) => [stepText(step, plan), ...gateNeeds(plan, i)])),
    `Capacity: at most ${runs(capacity.maxTotal)}, at least ${capacity.minAvailable} serve.`,
    `Way back, from wherever it is given up:\n${numbered(plan.rollback.map((step) => [stepText(step, plan)]))}`,
    ...(warnings.length > 0
      ? [`Warnings:\n${warnings.map((warning) => `  - ${warning}`).join('\n')}`]
      : []),
  ]
  return `${sections.join('\n\n')}\n`
}

function numbered(steps: readonly (readonly string[])[]): string {
  if (steps.length === 0) return '  (no step)'
  return steps
    .map(([text = '', ...notes], i) =>
      [`${String(i + 1).padStart(4)}. ${text}`, ...notes.map((note) => `      ${note}`)].join('\n'),
    )
    .join('\n')
}

function replicasOf(n: number): string {
  return n === 1 ? '1 replica' : `${n} replicas`
}

function runs(n: number): string {
  return n === 1 ? '1 instance runs' : `${n} instances run`
}
