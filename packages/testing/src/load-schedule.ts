/** Milliseconds after the start at which request `n` (from 0) is due. */
export function dueAtMs(n: number, rate: number): number {
  return (n * 1000) / rate
}

/** How many requests are due `elapsedMs` after the start: exactly those with `dueAtMs <= elapsedMs`. */
export function dueCount(elapsedMs: number, rate: number): number {
  if (elapsedMs < 0) return 0
  let count = Math.floor((elapsedMs * rate) / 1000)
  // The product rounds differently from dueAtMs; without this a request may leave before it is due.
  while (dueAtMs(count, rate) <= elapsedMs) count += 1
  while (count > 0 && dueAtMs(count - 1, rate) > elapsedMs) count -= 1
  return count
}

/** How many requests a run of this length sends: those with `dueAtMs < durationMs`. */
export function totalCount(durationMs: number | undefined, rate: number): number {
  if (durationMs === undefined) return Number.POSITIVE_INFINITY
  const count = dueCount(durationMs, rate)
  return dueAtMs(count - 1, rate) < durationMs ? count : count - 1
}

/** Whether request `n` is a POST: evenly spread, so any first `k` hold `floor(k * share)` of them. */
export function isPost(n: number, share: number): boolean {
  return Math.floor((n + 1) * share) > Math.floor(n * share)
}

/** The id of request `n` of a run, as sent in `x-request-id`. */
export function requestId(runId: string, n: number): string {
  return `${runId}-${n}`
}
