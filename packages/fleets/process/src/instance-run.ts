import type { StopReport } from '@changeover/engine'
import type { InstanceRecord } from './instance-record.ts'
import type { ProcessEnd, RunningProcess } from './running-process.ts'

/** Longest time that a timer can wait. */
const TIMER_LIMIT_MS = 2 ** 31 - 1

/** One run of an instance, from its launch or adoption to its end. */
export interface InstanceRun {
  readonly record: InstanceRecord
  readonly process: RunningProcess
  /** Set once it was asked to stop. */
  asked: boolean
  /** Set once it was killed for not stopping in time. */
  forced: boolean
}

/**
 * Asks a run to stop and waits for its end; SIGKILL for its whole group at the deadline. Of several calls the first
 * sends the signal, and the shortest deadline holds.
 */
export async function stopRun(
  run: InstanceRun,
  { signal, deadlineMs }: { readonly signal: NodeJS.Signals; readonly deadlineMs: number },
): Promise<void> {
  run.process.hold()
  if (!run.asked && run.process.alive()) {
    run.asked = true
    run.process.signal(signal)
  }
  const timer = setTimeout(() => force(run), Math.min(deadlineMs, TIMER_LIMIT_MS))
  await run.process.ended
  clearTimeout(timer)
}

function force(run: InstanceRun): void {
  if (!run.process.alive()) return
  run.forced = true
  run.process.kill()
}

/** What is told of a run's end. An end that nobody asked for is not graceful. */
export function reportEnd(run: InstanceRun, end: ProcessEnd): StopReport {
  return { instance: run.record.id, graceful: run.asked && !run.forced, ...end }
}
