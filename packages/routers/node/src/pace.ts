/** So many at a time, so long apart. */
export interface Pace {
  readonly batch: number
  readonly gapMs: number
}

/** Gaps that are worth a timer. */
const GAP_MS = 50

/** How to do `count` things at `perSecond`, or faster where that would not end within `withinMs`. */
export function pace(
  count: number,
  { perSecond, withinMs }: { perSecond: number; withinMs: number },
): Pace {
  const lasts = Math.min((count / perSecond) * 1000, Math.max(0, withinMs))
  const batches = Math.max(1, Math.floor(lasts / GAP_MS))
  return { batch: Math.max(1, Math.ceil(count / batches)), gapMs: GAP_MS }
}
