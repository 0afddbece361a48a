import type { CheckSettings } from './check-options.ts'
import { stepCheck, unknownCheck } from './check-state.ts'
import type { CheckResult, CheckState } from './check-state.ts'
import type { Logger } from './logger.ts'

/** One check with what it is and what it says. */
export interface CheckSnapshot {
  readonly settings: CheckSettings
  readonly state: CheckState
}

/** Checks that run in the background. Asking them costs nothing and waits for nothing. */
export interface Checks {
  readonly snapshot: () => readonly CheckSnapshot[]
  /** Ends all runs and timers; what was found last stays. Idempotent. */
  readonly stop: () => void
}

/** Starts every check in this turn of the event loop, after the code that made it. */
export function startChecks(settings: readonly CheckSettings[], logger: Logger): Checks {
  const stopping = new AbortController()
  const running = settings.map((check) => createRunner(check, logger, stopping.signal))
  // Not now: what a check asks is often made by the lines below the one that made the lifecycle.
  queueMicrotask(() => {
    for (const runner of running) runner.begin()
  })
  return {
    snapshot: () => running.map((runner) => runner.snapshot()),
    stop: () => stopping.abort(new Error('the process is stopping')),
  }
}

interface Runner {
  readonly begin: () => void
  readonly snapshot: () => CheckSnapshot
}

function createRunner(settings: CheckSettings, logger: Logger, stopping: AbortSignal): Runner {
  let state = unknownCheck
  let hangingSince: number | undefined
  let timer: NodeJS.Timeout | undefined

  function begin(): void {
    if (stopping.aborted) return
    timer = setTimeout(begin, settings.everyMs).unref()
    if (hangingSince === undefined) void run()
    else if (performance.now() - hangingSince >= settings.timeoutMs) learn(stillHanging())
  }

  async function run(): Promise<void> {
    const startedAt = performance.now()
    hangingSince = startedAt
    const expiry = createExpiry(settings.timeoutMs, stopping)
    const attempted = attempt(settings, expiry.signal)
    const ended = attempted.finally(() => {
      hangingSince = undefined
    })
    const end = await Promise.race([ended, expiry.expired])
    expiry.clear()
    learn({ ...end, at: Date.now(), durationMs: performance.now() - startedAt })
  }

  function stillHanging(): CheckResult {
    const durationMs = performance.now() - (hangingSince ?? 0)
    const problem = `has not ended for ${Math.round(durationMs)} ms, and is not started again before it has`
    return { ok: false, problem, at: Date.now(), durationMs }
  }

  function learn(result: CheckResult): void {
    if (stopping.aborted) return
    const before = state.status
    state = stepCheck(state, result, settings)
    if (state.status !== before) tell(settings, state, logger)
  }

  stopping.addEventListener('abort', () => clearTimeout(timer), { once: true })
  return { begin, snapshot: () => ({ settings, state }) }
}

type CheckEnd = Pick<CheckResult, 'ok' | 'value' | 'problem'>

async function attempt({ run }: CheckSettings, signal: AbortSignal): Promise<CheckEnd> {
  try {
    const value: unknown = await run(signal)
    const told = typeof value === 'number' || typeof value === 'string'
    return told ? { ok: true, value } : { ok: true }
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) }
  }
}

interface Expiry {
  readonly signal: AbortSignal
  readonly expired: Promise<CheckEnd>
  readonly clear: () => void
}

function createExpiry(timeoutMs: number, stopping: AbortSignal): Expiry {
  const controller = new AbortController()
  const problem = `no answer within ${timeoutMs} ms`
  const expire = (reason: unknown): void => controller.abort(reason)
  const timer = setTimeout(() => expire(new Error(problem)), timeoutMs).unref()
  const stop = (): void => expire(stopping.reason)
  stopping.addEventListener('abort', stop, { once: true })
  return {
    signal: controller.signal,
    expired: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve({ ok: false, problem }))
    }),
    clear: () => {
      clearTimeout(timer)
      stopping.removeEventListener('abort', stop)
    },
  }
}

function tell({ name, critical }: CheckSettings, { status, last }: CheckState, log: Logger): void {
  if (status === 'pass') log.info({ check: name }, 'check passes')
  else log.warn({ check: name, critical, problem: last?.problem }, 'check fails')
}
