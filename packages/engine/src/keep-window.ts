import { refuse } from './changeover-error.ts'
import { closedBecause, nextClosing, nextOpening, type RolloutWindow } from './rollout-window.ts'
import { bindRun, type Run } from './run.ts'
import { waitWhilePaused } from './step-wait.ts'
import { taskGroup } from './task-group.ts'

/** Sleeps that are longer than this are split: clocks that were set meanwhile are noticed. */
const LONGEST_SLEEP_MS = 3_600_000

/** Whether the plan's window says no at this instant, and nobody overrode it. */
export function isClosed({ state, ports }: Run): boolean {
  const { window } = state.plan
  if (!window || state.direction === 'back' || state.promote) return false
  return closedBecause(window, ports.clock.now()) !== undefined
}

/** Resolves when the window is open. Between steps it closes for everybody but those whom it lets finish. */
async function waitForWindow(run: Run): Promise<void> {
  const { window } = run.state.plan
  const begun = run.state.position > 0 || run.state.stepStartedAt !== undefined
  if (!window || (begun && window.onClose === 'finish')) return
  if (begun && window.onClose === 'roll-back' && isClosed(run)) throw closed(run, window)
  while (isClosed(run) || run.state.closed) await holdClosed(run, window, run.signal)
}

/**
 * Does `step` and closes the window meanwhile where it is time to.
 *
 * @throws ChangeoverError `CHANGEOVER_WINDOW_CLOSED` where the plan says that the release is to be taken back then
 */
export async function withWindow(run: Run, step: (run: Run) => Promise<void>): Promise<void> {
  const { window } = run.state.plan
  const watched = window && window.onClose !== 'finish' && run.state.direction === 'forward'
  if (!watched) return step(run)
  const group = taskGroup(run.signal)
  const over = new AbortController()
  const signal = AbortSignal.any([group.signal, over.signal])
  group.run(async () => {
    await step(bindRun(run, group.signal))
    over.abort()
  })
  group.run(async () => {
    try {
      await closeInTime(run, window, signal)
    } catch (error) {
      if (!over.signal.aborted) throw error
    }
  })
  await group.settle()
}

async function closeInTime(run: Run, window: RolloutWindow, signal: AbortSignal): Promise<void> {
  for (;;) {
    const closesAt = nextClosing(window, run.ports.clock.now())
    if (!isClosed(run) && closesAt === undefined) return
    if (!isClosed(run)) await sleepUntil(run, closesAt ?? 0, signal)
    if (run.state.promote) return
    if (!isClosed(run)) continue
    if (window.onClose === 'roll-back') throw closed(run, window)
    await holdClosed(run, window, signal)
  }
}

/** Stops the clock of the step until the window opens; what is journaled survives a restart. */
async function holdClosed(run: Run, window: RolloutWindow, signal: AbortSignal): Promise<void> {
  const { clock } = run.ports
  const because = closedBecause(window, clock.now())
  if (because !== undefined) {
    const opensAt = nextOpening(window, clock.now())
    if (!run.state.closed) {
      const until = opensAt === undefined ? {} : { until: opensAt }
      await run.record({ type: 'closed', reason: because, ...until })
    }
    await openedOrPromoted(run, opensAt ?? Infinity, signal)
  }
  if (run.state.closed) await run.record({ type: 'opened' })
}

async function openedOrPromoted(run: Run, opensAt: number, signal: AbortSignal): Promise<void> {
  const group = taskGroup(signal)
  const promoted = async (): Promise<void> => {
    for (let seen = run.pulse.count; !run.state.promote; seen = run.pulse.count) {
      await run.pulse.after(seen)
    }
  }
  try {
    await group.race(Promise.race([promoted(), sleepUntil(run, opensAt, group.signal)]))
  } finally {
    await group.cancel(undefined)
  }
}

async function sleepUntil({ ports }: Run, at: number, signal: AbortSignal): Promise<void> {
  for (let leftMs = at - ports.clock.now(); leftMs > 0; leftMs = at - ports.clock.now()) {
    await ports.clock.sleep(Math.min(leftMs, LONGEST_SLEEP_MS), { signal })
  }
}

function closed(run: Run, window: RolloutWindow): Error {
  const problem = closedBecause(window, run.ports.clock.now()) ?? 'its time was over'
  return refuse('CHANGEOVER_WINDOW_CLOSED', { rollout: run.state.id, problem })
}

/** Waits between two steps for people and for the window. */
export async function waitBetweenSteps(run: Run): Promise<void> {
  for (;;) {
    await waitForWindow(run)
    if (!run.state.paused) return
    await waitWhilePaused(run)
  }
}
