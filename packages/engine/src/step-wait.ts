import type { Run } from './run.ts'
import { activeMs } from './step-time.ts'
import { taskGroup } from './task-group.ts'

/** Until when a step waits. */
export interface StepWait {
  /** How long the step has to have been active, in milliseconds; Infinity for no limit. Pauses do not count. */
  readonly activeMs: number
  /** Looked at after every journal entry. @default never */
  readonly until?: () => boolean
}

/** Resolves when either came true, and not while the rollout is paused; or at once when somebody promotes it. */
export async function waitInStep(run: Run, wait: StepWait): Promise<void> {
  const { until = () => false } = wait
  for (;;) {
    const seen = run.pulse.count
    if (run.state.promote) return
    const leftMs = wait.activeMs - activeMs(run.state, run.ports.clock.now())
    if (!run.state.paused && (until() || leftMs <= 0)) return
    await nextChange(run, seen, run.state.paused ? Infinity : leftMs)
  }
}

/** Resolves when the rollout is not paused, or no longer. */
export async function waitWhilePaused(run: Run): Promise<void> {
  for (;;) {
    const seen = run.pulse.count
    if (!run.state.paused) return
    await nextChange(run, seen, Infinity)
  }
}

/** Resolves when somebody has promoted the rollout. */
export async function untilPromoted(run: Run): Promise<void> {
  for (;;) {
    const seen = run.pulse.count
    if (run.state.promote) return
    await nextChange(run, seen, Infinity)
  }
}

/** Resolves after `ms` milliseconds, those left out in which the rollout was paused. */
export async function runningTime(run: Run, ms: number): Promise<void> {
  const { clock } = run.ports
  for (let leftMs = ms; leftMs > 0;) {
    const [seen, from, paused] = [run.pulse.count, clock.now(), run.state.paused !== undefined]
    await nextChange(run, seen, paused ? Infinity : leftMs)
    if (!paused) leftMs -= clock.now() - from
  }
}

/** The next journal entry, or the end of the time. */
async function nextChange(run: Run, seen: number, withinMs: number): Promise<void> {
  const group = taskGroup(run.signal)
  const { clock } = run.ports
  const elapsed = withinMs === Infinity ? [] : [clock.sleep(withinMs, { signal: group.signal })]
  try {
    await group.race(Promise.race([run.pulse.after(seen), ...elapsed]))
  } finally {
    for (const sleep of elapsed) sleep.catch(() => undefined)
    await group.cancel('over')
  }
}
