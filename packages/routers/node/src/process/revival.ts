import { ChangeoverError, type Clock } from '@changeover/engine'
import type { ProcessEvents } from './process-events.ts'
import { type RestartSchedule, restartWait } from './restart-schedule.ts'

/** How a process that crashed is started again. */
export interface Revival {
  readonly schedule: RestartSchedule
  /** Starts of the row so far. */
  readonly starts: number
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly start: () => Promise<ProcessEvents>
}

/** A process that serves again, and at which start of the row it was. */
export interface Revived {
  readonly events: ProcessEvents
  readonly starts: number
}

/**
 * Starts the process again and again until it serves.
 *
 * @throws the signal's reason
 * @throws an error that says why it was given up
 */
export async function revive({
  schedule,
  starts,
  clock,
  signal,
  start,
}: Revival): Promise<Revived> {
  let problem: unknown
  for (let nth = starts + 1; ; nth += 1) {
    const waitMs = restartWait(nth, schedule)
    if (waitMs === undefined || isFinal(problem)) throw givenUp(problem)
    await clock.sleep(waitMs, { signal })
    try {
      return { events: await start(), starts: nth }
    } catch (error) {
      signal.throwIfAborted()
      problem = error
    }
  }
}

/** What starting once more does not mend. */
const FINAL: ReadonlySet<string> = new Set([
  'CHANGEOVER_OPTION_INVALID',
  'CHANGEOVER_ROUTER_PROCESS_DIFFERS',
  'CHANGEOVER_ROUTER_PROCESS_MISSING',
  'CHANGEOVER_ROUTER_STATE_UNREADABLE',
])

function isFinal(problem: unknown): boolean {
  return problem instanceof ChangeoverError && FINAL.has(problem.code)
}

function givenUp(problem: unknown): Error {
  const why = problem instanceof Error ? problem.message : 'it crashed again and again'
  return new Error(`it was not started again: ${why}`, { cause: problem })
}
