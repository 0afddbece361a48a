/** Looks at things in regular intervals for as long as there are any: one timer for all of them. */
export interface Sweeper {
  /** There is something to look at. */
  start(): void
  /** There is nothing any more. */
  stop(): void
}

const LONGEST_MS = 1000
const SHORTEST_MS = 10

/**
 * Calls `visit` often enough for the shortest of `limitsMs` to be kept to within a quarter, or a second. A limit of 0
 * is none.
 *
 * @param visit gets the time on the clock of `performance.now()`
 */
export function sweeper(limitsMs: readonly number[], visit: (now: number) => void): Sweeper {
  const shortest = Math.min(...limitsMs.filter((ms) => ms > 0), LONGEST_MS * 4)
  const everyMs = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, shortest / 4))
  let timer: NodeJS.Timeout | undefined
  return {
    start() {
      // What it looks at keeps the process alive by itself, where anything should.
      timer ??= setInterval(() => visit(performance.now()), everyMs).unref()
    },
    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}
