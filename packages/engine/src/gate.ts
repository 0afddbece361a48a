import { refuse } from './changeover-error.ts'
import type { Run } from './run.ts'
import type { Step } from './step.ts'
import type { Verdict } from './verdict.ts'

/** Where a plan waits: for a judgement, a person, a hook, or time. */
export type Gate = Extract<Step, { readonly step: 'approve' | 'bake' | 'hook' | 'judge' }>

/**
 * Journals a gate's verdict and lets only a pass with evidence through.
 *
 * @throws ChangeoverError `CHANGEOVER_GATE_FAILED` for a fail, an inconclusive verdict, or a pass that rests on nothing
 */
export async function passGate(run: Run, gate: string, verdict: Verdict): Promise<void> {
  await run.record({ type: 'judged', gate, verdict })
  if (verdict.verdict === 'pass' && verdict.evidence > 0) return
  const problem = `${verdict.verdict}, ${verdict.reason}`
  throw refuse('CHANGEOVER_GATE_FAILED', { gate, problem })
}
