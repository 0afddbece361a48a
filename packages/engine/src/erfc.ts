import { bisect } from './bisect.ts'

/** Below it the series is exact to the last digits, and above it the fraction converges quickly. */
const SERIES_UP_TO = 1
const MOST_TERMS = 1_000

/**
 * The complementary error function, to a relative error of about 1e-14.
 *
 * Series: DLMF 7.6.2. Continued fraction: DLMF 7.9.2, by the modified method of Lentz (Thompson & Barnett 1986).
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x)
  return x <= SERIES_UP_TO ? 1 - erfSeries(x) : erfcFraction(x)
}

function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; n < MOST_TERMS && term > sum * Number.EPSILON; n += 1) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

function erfcFraction(x: number): number {
  const first = 2 * x * x + 1
  let [value, c, d] = [first, first, 0]
  for (let n = 1; n < MOST_TERMS; n += 1) {
    const numerator = -(2 * n - 1) * 2 * n
    const denominator = first + 4 * n
    d = 1 / (denominator + numerator * d)
    c = denominator + numerator / c
    value *= c * d
    if (Math.abs(c * d - 1) <= Number.EPSILON) break
  }
  return (Math.exp(-x * x) / Math.sqrt(Math.PI)) * ((2 * x) / value)
}

/** Probability that a standard normal variable lies above `z`. */
export function normalTail(z: number): number {
  return erfc(z / Math.SQRT2) / 2
}

/** The z above which a standard normal variable lies with probability `tail`. */
export function normalQuantile(tail: number): number {
  return bisect(-40, 40, (z) => normalTail(z) <= tail)
}
