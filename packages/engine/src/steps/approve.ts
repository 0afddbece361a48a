import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { taskGroup } from '../task-group.ts'
import type { Verdict } from '../verdict.ts'
import { passGate } from '../gate.ts'

type ApproveStep = Extract<Step, { readonly step: 'approve' }>

/** Waits until enough people have approved, or the approval expires. */
export async function approve(run: Run, step: ApproveStep): Promise<void> {
  const { clock } = run.ports
  const group = taskGroup(run.signal)
  const expiresAt = (run.state.stepStartedAt ?? clock.now()) + (step.expiresMs ?? Infinity)
  if (step.expiresMs !== undefined) {
    group.run(async () => {
      await clock.sleep(Math.max(0, expiresAt - clock.now()), { signal: group.signal })
      run.pulse.beat()
    })
  }
  try {
    while (approvers(run, step).length < step.quorum && clock.now() < expiresAt) {
      await group.race(run.pulse.after(run.pulse.count))
    }
  } finally {
    await group.cancel(undefined)
  }
  await passGate(run, step.gate, verdictOf(approvers(run, step), step.quorum))
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
