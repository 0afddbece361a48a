/** How long to wait between attempts. */
export interface RetryPauses {
  /** After the first failure; doubled after each further one. */
  readonly firstMs: number
  readonly longestMs: number
}

/**
 * The pause after failure number `failures` (from 1 on), in milliseconds. Somewhere between half and all of the doubled
 * time, by `random` (from 0 up to 1), so that those who failed together do not come back together. Pure.
 */
export function pauseMs(
  { firstMs, longestMs }: RetryPauses,
  failures: number,
  random: number,
): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 40))
  return Math.round(full * (0.5 + random / 2))
}

/** What a `Retry-After` asks for, in milliseconds: seconds or a date; undefined where it cannot be read. Pure. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
