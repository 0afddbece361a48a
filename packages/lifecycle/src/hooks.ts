import type { Countdown } from './countdown.ts'
import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import type { Logger } from './logger.ts'

/** What a hook is told. */
export interface HookContext {
  /** Why the process stops: a signal's name, or what `shutdown` was called with. */
  readonly reason: string
  /** Aborted when the hook's time is up. */
  readonly signal: AbortSignal
}

/** Work to do at the start or at the end of a shutdown. */
export type Hook = (context: HookContext) => unknown

/** How one hook ended. */
export interface HookReport {
  readonly name: string
  readonly phase: 'drain' | 'stop'
  /** `timed-out`: still running when its time was up, and left behind. */
  readonly outcome: 'done' | 'failed' | 'timed-out'
  readonly durationMs: number
  /** What a failed hook threw. */
  readonly error?: unknown
}

/** Hooks of one phase, by name. */
export type HookList = Map<string, Hook>

/**
 * Adds a hook.
 *
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_HOOK_INVALID`
 */
export function addHook(hooks: HookList, name: string, hook: Hook): void {
  if (typeof name !== 'string' || name === '' || typeof hook !== 'function') {
    throw invalidHook(
      `a hook needs a name and a function, got ${JSON.stringify(name)} and ${typeof hook}`,
    )
  }
  if (hooks.has(name)) throw invalidHook(`a hook named ${JSON.stringify(name)} exists already`)
  hooks.set(name, hook)
}

function invalidHook(problem: string): LifecycleError {
  return refuse('CHANGEOVER_LIFECYCLE_HOOK_INVALID', { problem })
}

/** Runs one hook; its failure is a report, never a rejection. */
export async function runHook(
  [name, hook]: [string, Hook],
  phase: HookReport['phase'],
  run: { reason: string; limit: Countdown; logger: Logger },
): Promise<HookReport> {
  const startedAt = performance.now()
  const context = { reason: run.reason, signal: run.limit.signal }
  const end = await Promise.race([attempt(hook, context), run.limit.over.then(timedOut)])
  const report = { name, phase, ...end, durationMs: performance.now() - startedAt }
  if (end.outcome !== 'done')
    run.logger.error({ hook: name, phase, ...asLogged(end) }, 'hook failed')
  return report
}

type HookEnd = Pick<HookReport, 'outcome' | 'error'>

async function attempt(hook: Hook, context: HookContext): Promise<HookEnd> {
  try {
    // Not before the caller of `shutdown` has its promise: a hook may call `shutdown` too.
    await Promise.resolve()
    await hook(context)
    return { outcome: 'done' }
  } catch (error) {
    return { outcome: 'failed', error }
  }
}

function timedOut(): HookEnd {
  return { outcome: 'timed-out' }
}

function asLogged({ outcome, error }: HookEnd): object {
  return error === undefined ? { outcome } : { outcome, err: error }
}
