import { refuse } from './changeover-error.ts'
import type { Run } from './run.ts'
import type { OnInconclusive, Step } from './step.ts'
import { waitWhilePaused } from './step-wait.ts'
import type { Verdict } from './verdict.ts'

/** Where a plan waits: for a judgement, a person, a hook, or time. */
export type Gate = Extract<Step, { readonly step: 'approve' | 'bake' | 'hook' | 'judge' }>

export interface GateSettings {
  readonly gate: string
  readonly onInconclusive?: OnInconclusive
}

/**
 * Lets the plan go on only after a journaled pass with evidence, or where a named person promoted the rollout.
 * `attempt` gives a verdict; where that is inconclusive and the gate holds, it is asked again when people resume.
 *
 * @throws ChangeoverError `CHANGEOVER_GATE_FAILED` for a fail, a pass that rests on nothing, and an inconclusive verdict
 * where the gate does not hold
 */
export async function passGate(
  run: Run,
  { gate, onInconclusive = 'roll-back' }: GateSettings,
  attempt: () => Promise<Verdict>,
): Promise<void> {
  for (;;) {
    const verdict = run.state.promote ? undefined : await attempt()
    // Promoted meanwhile: whatever the attempt was broken off with no longer counts.
    const { promote } = run.state
    if (promote) return run.record({ type: 'judged', gate, verdict: overridden(promote.by) })
    if (!verdict) continue
    await run.record({ type: 'judged', gate, verdict })
    if (verdict.verdict === 'pass' && verdict.evidence > 0) return
    const holds = verdict.verdict === 'inconclusive' && onInconclusive === 'hold'
    const problem = `${verdict.verdict}, ${verdict.reason}`
    if (!holds) throw refuse('CHANGEOVER_GATE_FAILED', { gate, problem })
    await run.record({ type: 'held', gate, reason: problem })
    await waitWhilePaused(run)
  }
}

function overridden(by: string): Verdict {
  return { verdict: 'pass', evidence: 1, reason: `overridden: promoted by ${by}` }
}
