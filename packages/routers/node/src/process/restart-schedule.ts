/** How often, and how soon, a process that crashed is started again. */
export interface RestartSchedule {
  /** Starts in a row. */
  readonly attempts: number
  /** The wait before the second start of a row; each further one is twice as long. The first start is at once. */
  readonly backOffMs: number
}

const LONGEST_WAIT_MS = 5_000

/** How long to wait before start number `nth` of a row, counted from 1; undefined where there was the last one. */
export function restartWait(
  nth: number,
  { attempts, backOffMs }: RestartSchedule,
): number | undefined {
  if (nth > attempts) return undefined
  return nth === 1 ? 0 : Math.min(LONGEST_WAIT_MS, backOffMs * 2 ** (nth - 2))
}

/** Whether a process that lived so long after start number `nth` ends the row: ten times the wait before it, or more. */
export function isSteady(livedMs: number, nth: number, schedule: RestartSchedule): boolean {
  return livedMs >= 10 * Math.max(schedule.backOffMs, restartWait(nth, schedule) ?? 0)
}
