import { refuse } from './changeover-error.ts'
import type { NamedGate } from './plan-gate.ts'
import type { CanaryStep, GateStep, TrafficStep } from './strategy-step.ts'

/**
 * Gives every judge without a name one of its own: `judge`, `judge-2` and so on.
 *
 * @param field of the option that holds the steps, for the refusal
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID` where two gates have one name
 */
export function nameGates(steps: readonly GateStep[], field: string): NamedGate[]
export function nameGates(steps: readonly CanaryStep[], field: string): (NamedGate | TrafficStep)[]
export function nameGates(
  steps: readonly CanaryStep[],
  field: string,
): (NamedGate | TrafficStep)[] {
  const taken = new Set<string>()
  for (const [i, step] of steps.entries()) {
    const gate = 'gate' in step ? step.gate : undefined
    if (gate === undefined) continue
    if (taken.has(gate)) throw twice(gate, `${field}.${i}`)
    taken.add(gate)
  }
  return steps.map((step) =>
    step.step === 'judge' ? { ...step, gate: step.gate ?? freeName(taken) } : step,
  )
}

function freeName(taken: Set<string>): string {
  let name = 'judge'
  for (let n = 2; taken.has(name); n += 1) name = `judge-${n}`
  taken.add(name)
  return name
}

function twice(gate: string, field: string): Error {
  return refuse('CHANGEOVER_OPTION_INVALID', {
    field,
    value: gate,
    problem: 'another gate has this name, and an approval or a verdict would count for both',
    remedy: 'Give every gate a name of its own.',
  })
}
