import { passGate } from '../gate.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { waitInStep } from '../step-wait.ts'
import type { Verdict } from '../verdict.ts'

type ApproveStep = Extract<Step, { readonly step: 'approve' }>

/** Waits until enough people have approved, or the approval expires. */
export async function approve(run: Run, step: ApproveStep): Promise<void> {
  await passGate(run, step, async () => {
    await waitInStep(run, {
      activeMs: step.expiresMs ?? Infinity,
      until: () => approvers(run, step).length >= step.quorum,
    })
    return verdictOf(approvers(run, step), step.quorum)
  })
}

function approvers({ state }: Run, { gate }: ApproveStep): string[] {
  return [...(state.approvals.get(gate) ?? [])]
}

function verdictOf(people: readonly string[], quorum: number): Verdict {
  const evidence = people.length
  if (evidence >= quorum)
    return { verdict: 'pass', evidence, reason: `approved by ${people.join(', ')}` }
  const reason = `only ${evidence} of ${quorum} approvals came before it expired`
  return { verdict: 'inconclusive', evidence, reason }
}
