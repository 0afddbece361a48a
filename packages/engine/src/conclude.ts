import { refuse } from './changeover-error.ts'
import type { Run } from './run.ts'
import type { Verdict } from './verdict.ts'

/**
 * Journals a gate's verdict and lets only a pass with evidence through.
 *
 * @throws ChangeoverError `CHANGEOVER_GATE_FAILED` for a fail, an inconclusive verdict, or a pass that rests on nothing
 */
export async function conclude(run: Run, gate: string, verdict: Verdict): Promise<void> {
  await run.record({ type: 'judged', gate, verdict })
  if (verdict.verdict === 'pass' && verdict.evidence > 0) return
  const problem = `${verdict.verdict}, ${verdict.reason}`
  throw refuse('CHANGEOVER_GATE_FAILED', { gate, problem })
}
