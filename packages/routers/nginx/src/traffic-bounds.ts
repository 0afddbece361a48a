/** The bounds in milliseconds for which `traffic` says how many requests took longer. The embedded router has the same. */
export const SLOW_BOUNDS_MS: readonly number[] = Object.freeze([
  1, 2, 5, 10, 20, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1_000, 1_500, 2_000, 3_000,
  5_000, 10_000, 30_000,
])
