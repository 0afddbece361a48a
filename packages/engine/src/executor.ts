import { ChangeoverError, refuse } from './changeover-error.ts'
import { isClosed, waitBetweenSteps, withWindow } from './keep-window.ts'
import { observeOutside } from './observe-outside.ts'
import type { EntryBody } from './journal.ts'
import type { Pool } from './pool.ts'
import type { RolloutState } from './rollout-state.ts'
import { proportionalPools, putInForce } from './routes.ts'
import type { Run } from './run.ts'
import { closedWayBack } from './schema-floor.ts'
import type { Step, StepName } from './step.ts'
import { runStep } from './steps/run-step.ts'
import { withUpkeep } from './upkeep.ts'

/** A run, and the two signals that can take it away. */
export interface Journey {
  /** A run bound to a signal; every direction gets its own. */
  readonly runWith: (signal: AbortSignal) => Run
  /** Aborts when this engine no longer leads. What it does not journal, another engine does. */
  readonly interrupted: AbortSignal
  /** Aborts when a person gives the new release up. */
  readonly aborted: AbortSignal
}

/**
 * Takes a rollout from wherever its journal stands to its end: forward, or back where a step fails, or `failed-safe`
 * where the way back fails too, or onward past the point where the schema leaves no way back. Returns when the journal has its last entry.
 *
 * @throws the reason of `interrupted`, and nothing else
 */
export async function execute(journey: Journey): Promise<void> {
  const { interrupted, aborted, runWith } = journey
  const forward = runWith(AbortSignal.any([interrupted, aborted]))
  if (forward.state.direction === 'forward') {
    const failure = await attempt(() => travel(forward))
    if (failure === undefined) return forward.record({ type: 'finished', outcome: 'promoted' })
    interrupted.throwIfAborted()
    const { code, message: reason } = asCoded(failure)
    const onward = runWith(interrupted)
    const closed = await closedWayBack(onward)
    interrupted.throwIfAborted()
    if (closed !== undefined) return stay(onward, closed, { code, reason })
    const steps = forward.state.plan.rollback
    await forward.record({ type: 'turned-back', code, reason, steps })
  }
  await goBack(runWith(interrupted), interrupted)
}

/** Past the point of no return the new release keeps what it has: all traffic, if its instances are really there. */
async function stay(
  run: Run,
  closed: string,
  why: { readonly code: string; readonly reason: string },
): Promise<void> {
  await run.record({ type: 'noticed', message: `there is no way back: ${closed}` })
  const failure = await attempt(() => confirmEnd(run))
  run.signal.throwIfAborted()
  const outcome = failure === undefined ? 'promoted' : 'failed-safe'
  await run.record({ type: 'finished', outcome, ...why })
}

async function goBack(back: Run, interrupted: AbortSignal): Promise<void> {
  const failure = await attempt(() => travel(back))
  const why = back.state.failure ?? { code: 'CHANGEOVER_ABORTED', reason: '' }
  if (failure === undefined)
    return back.record({ type: 'finished', outcome: 'rolled-back', ...why })
  interrupted.throwIfAborted()
  const { code, message: reason } = asCoded(failure)
  await back.record({ type: 'finished', outcome: 'failed-safe', code, reason })
}

/** Resolves with what was thrown, so that the caller decides where it leads. */
async function attempt(task: () => Promise<void>): Promise<unknown> {
  try {
    await task()
    return undefined
  } catch (error) {
    return error ?? new Error('unknown failure')
  }
}

function asCoded(error: unknown): ChangeoverError {
  if (error instanceof ChangeoverError) return error
  const problem = error instanceof Error ? error.message : String(error)
  return refuse('CHANGEOVER_STEP_FAILED', { problem }, error)
}

async function travel(run: Run): Promise<void> {
  await observeOutside(run)
  const { state } = run
  while (state.position < state.steps.length) {
    run.signal.throwIfAborted()
    if (state.paused || isClosed(run)) await withUpkeep(run, waitBetweenSteps)
    const index = state.position
    const step = state.steps[index]
    if (!step) break
    if (state.stepStartedAt === undefined) await run.record({ type: 'step-started', index, step })
    await take(run, step)
    await run.record({ type: 'step-finished', index }, ...following(state))
  }
  await confirmEnd(run)
}

/** On the way back nothing comes between two steps, and each entry that waits for the disk keeps the traffic waiting. */
function following({ direction, steps, position }: RolloutState): EntryBody[] {
  const step = steps[position + 1]
  return direction === 'back' && step ? [{ type: 'step-started', index: position + 1, step }] : []
}

/** Steps that wait leave time to look after the service. */
function take(run: Run, step: Step): Promise<void> {
  return withWindow(run, (bound) =>
    WAITING.has(step.step)
      ? withUpkeep(bound, (waiting) => runStep(waiting, step))
      : runStep(bound, step),
  )
}

const WAITING: ReadonlySet<StepName> = new Set(['approve', 'bake', 'hook', 'judge'])

/**
 * The end is declared on what is observed: one release has all traffic, and its instances are really there. A router
 * that was changed by someone else since the last step is put right first.
 *
 * @throws ChangeoverError `CHANGEOVER_END_NOT_REACHED`
 */
async function confirmEnd(run: Run): Promise<void> {
  await observeOutside(run)
  const { state } = run
  const wanted = state.direction === 'forward' ? state.plan.to.id : state.plan.from?.id
  const others = [...state.instances.values()].filter(({ release }) => release !== wanted)
  const leaving = new Set(others.map(({ id }) => id))
  const pools = proportionalPools(state, leaving, run.inForce)
  const led = state.converged ?? run.inForce
  assertLedTo(led, wanted, pools.length)
  await putInForce(run, { pools }, run.signal)
}

/** Where the plan led to is told by its own last table; only a plan that needed none leaves what it found. */
function assertLedTo(
  led: { readonly pools: readonly Pick<Pool, 'release' | 'weight'>[] } | undefined,
  wanted: string | undefined,
  serving: number,
): void {
  const release = wanted ?? 'no release'
  const others = led?.pools.some((pool) => pool.release !== wanted && pool.weight > 0)
  if (others)
    throw refuse('CHANGEOVER_END_NOT_REACHED', {
      release,
      problem: 'other releases still get traffic',
    })
  if (wanted === undefined || serving > 0) return
  throw refuse('CHANGEOVER_END_NOT_REACHED', { release, problem: 'none of its instances is ready' })
}
