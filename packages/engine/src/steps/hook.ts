import { passGate } from '../gate.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import type { Verdict } from '../verdict.ts'

type HookStep = Extract<Step, { readonly step: 'hook' }>

/** Calls a registered hook until it resolves or its attempts are used up, which is inconclusive. */
export async function hook(run: Run, step: HookStep): Promise<void> {
  let reason = ''
  for (let attempt = 1; attempt <= step.attempts; attempt += 1) {
    const problem = await callHook(run, step, attempt)
    run.signal.throwIfAborted()
    if (problem === undefined) return passGate(run, step.name, passed(attempt))
    reason = `attempt ${attempt} of ${step.attempts} failed: ${problem}`
  }
  await passGate(run, step.name, { verdict: 'inconclusive', evidence: step.attempts, reason })
}

function passed(attempt: number): Verdict {
  return { verdict: 'pass', evidence: 1, reason: `the hook resolved at attempt ${attempt}` }
}

/** What went wrong, or undefined where the hook resolved in time. */
async function callHook(
  { ports, state, signal }: Run,
  { name, timeoutMs }: HookStep,
  attempt: number,
): Promise<string | undefined> {
  const call = new AbortController()
  const bounded = AbortSignal.any([signal, call.signal])
  const { id: rollout, plan, position } = state
  const timer = ports.clock.sleep(timeoutMs, { signal: bounded }).then(() => {
    throw new Error(`it took longer than ${timeoutMs} ms`)
  })
  const key = `${rollout}/${state.direction}/${position}`
  const context = {
    service: plan.service,
    rollout,
    release: plan.to,
    key,
    attempt,
    signal: bounded,
  }
  try {
    await Promise.race([ports.hooks[name]?.(context), timer])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    timer.catch(() => undefined)
    call.abort()
  }
}
