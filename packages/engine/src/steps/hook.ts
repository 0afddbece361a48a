import { passGate } from '../gate.ts'
import { bindRun, type Run } from '../run.ts'
import type { Step } from '../step.ts'
import { runningTime, untilPromoted, waitWhilePaused } from '../step-wait.ts'
import type { Verdict } from '../verdict.ts'

type HookStep = Extract<Step, { readonly step: 'hook' }>

/** Calls a registered hook until it resolves or its attempts are used up, which is inconclusive. */
export async function hook(run: Run, step: HookStep): Promise<void> {
  await passGate(run, { ...step, gate: step.name }, () => tryHook(run, step))
}

async function tryHook(run: Run, step: HookStep): Promise<Verdict> {
  let reason = ''
  for (let attempt = 1; attempt <= step.attempts && !run.state.promote; attempt += 1) {
    await waitWhilePaused(run)
    if (run.state.promote) break
    const problem = await callHook(run, step, attempt)
    run.signal.throwIfAborted()
    if (problem === undefined) return passed(attempt)
    reason = `attempt ${attempt} of ${step.attempts} failed: ${problem}`
  }
  return { verdict: 'inconclusive', evidence: step.attempts, reason }
}

function passed(attempt: number): Verdict {
  return { verdict: 'pass', evidence: 1, reason: `the hook resolved at attempt ${attempt}` }
}

/** What went wrong, or undefined where the hook resolved in time. */
async function callHook(
  run: Run,
  { name, timeoutMs }: HookStep,
  attempt: number,
): Promise<string | undefined> {
  const { ports, state } = run
  const call = new AbortController()
  const bounded = bindRun(run, AbortSignal.any([run.signal, call.signal]))
  const { id: rollout, plan, position } = state
  const late = runningTime(bounded, timeoutMs).then(() => {
    throw new Error(`it took longer than ${timeoutMs} ms`)
  })
  const promoted = untilPromoted(bounded).then(() => {
    throw new Error('the rollout was promoted')
  })
  const key = `${rollout}/${state.direction}/${position}`
  const { signal } = bounded
  const context = { service: plan.service, rollout, release: plan.to, key, attempt, signal }
  try {
    await Promise.race([ports.hooks[name]?.(context), late, promoted])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    call.abort()
    await Promise.allSettled([late, promoted])
  }
}
