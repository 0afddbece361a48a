import type { Step } from './step.ts'

/** Where a plan waits: for a judgement, a person, a hook, or time. */
export type Gate = Extract<Step, { readonly step: 'approve' | 'bake' | 'hook' | 'judge' }>

const GATES: ReadonlySet<string> = new Set(['approve', 'bake', 'hook', 'judge'])

export function isGate(step: Step): step is Gate {
  return GATES.has(step.step)
}
