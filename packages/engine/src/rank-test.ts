import { bisect } from './bisect.ts'
import { normalQuantile, normalTail } from './erfc.ts'

/** Up to this many values on each side, and without ties, the distribution is counted out. */
export const EXACT_UP_TO = 20

/** Two samples in rising order. */
export interface SortedSamples {
  readonly candidate: readonly number[]
  readonly baseline: readonly number[]
}

/** In how many pairs the candidate's value is the higher one; a tie is half a pair. */
export function countWins({ candidate, baseline }: SortedSamples): number {
  let [below, upTo, wins] = [0, 0, 0]
  for (const value of candidate) {
    while (below < baseline.length && at(baseline, below) < value) below += 1
    while (upTo < baseline.length && at(baseline, upTo) <= value) upTo += 1
    wins += (below + upTo) / 2
  }
  return wins
}

/** How many values there are of each that occurs more than once, over both samples. */
export function tieSizes({ candidate, baseline }: SortedSamples): readonly number[] {
  const sizes = new Map<number, number>()
  for (const value of [...candidate, ...baseline]) {
    // Adding 0 makes one of both zeros.
    sizes.set(value + 0, (sizes.get(value + 0) ?? 0) + 1)
  }
  return [...sizes.values()].filter((size) => size > 1)
}

/** Two-sided, from the null distribution itself. */
export function exactP(u: number, n: number, m: number): number {
  const ways = arrangements(n, m)
  const least = Math.min(u, n * m - u)
  const tail = sum(ways.slice(0, Math.floor(least) + 1)) / sum(ways)
  return Math.min(1, 2 * tail)
}

/** Two-sided, from the normal distribution, corrected for ties and for continuity. */
export function normalP(
  u: number,
  { n, m, ties }: { n: number; m: number; ties: readonly number[] },
): number {
  const deviation = nullDeviation(n, m, ties)
  if (deviation === 0) return 1
  const distance = Math.abs(u - (n * m) / 2) - 0.5
  return Math.min(1, 2 * normalTail(distance / deviation))
}

/** Standard deviation of U where both samples come from one distribution. */
function nullDeviation(n: number, m: number, ties: readonly number[]): number {
  const all = n + m
  const tied = sum(ties.map((size) => size ** 3 - size))
  return Math.sqrt(((n * m) / 12) * (all + 1 - tied / (all * (all - 1))))
}

/** How many arrangements of n and m values lead to each U from 0 to n * m, as whole numbers. */
export function arrangements(n: number, m: number): readonly number[] {
  // The Gaussian binomial coefficient: the product of (1 - q^(m+i)) / (1 - q^i) for i from 1 to n.
  const ways: number[] = Array.from({ length: n * m + 1 }, (_, u) => (u === 0 ? 1 : 0))
  for (let i = 1; i <= n; i += 1) {
    for (let u = n * m; u >= m + i; u -= 1) ways[u] = at(ways, u) - at(ways, u - m - i)
    for (let u = i; u <= n * m; u += 1) ways[u] = at(ways, u) + at(ways, u - i)
  }
  return ways
}

/** The smallest two-sided p that samples of these sizes can show at all. */
export function leastP(n: number, m: number): number {
  let ways = 1
  for (let i = 1; i <= n; i += 1) ways *= (m + i) / i
  return Math.min(1, 2 / ways)
}

/**
 * Which of the sorted pairwise differences bound the shift with this confidence: the `rank`th from either end. 0 where
 * there are too few values for any.
 */
export function intervalRank(n: number, m: number, confidence: number): number {
  const tail = (1 - confidence) / 2
  if (n > EXACT_UP_TO || m > EXACT_UP_TO) {
    const reach = normalQuantile(tail) * nullDeviation(n, m, [])
    return Math.max(0, Math.floor((n * m) / 2 - reach))
  }
  const ways = arrangements(n, m)
  const all = sum(ways)
  let rank = 0
  // A sum of probabilities that reaches the tail exactly must not miss it by a rounding.
  for (let below = at(ways, 0); below <= tail * all * (1 + 1e-12); below += at(ways, rank))
    rank += 1
  return rank
}

/**
 * The `rank`th smallest of all differences between a value of the candidate and one of the baseline, without writing them
 * all down.
 */
export function pairDifference({ candidate, baseline }: SortedSamples, rank: number): number {
  const lowest = at(candidate, 0) - at(baseline, baseline.length - 1)
  const highest = at(candidate, candidate.length - 1) - at(baseline, 0)
  const countUpTo = (limit: number): number => {
    let [count, from] = [0, 0]
    for (const value of candidate) {
      while (from < baseline.length && value - at(baseline, from) > limit) from += 1
      count += baseline.length - from
    }
    return count
  }
  if (countUpTo(lowest) >= rank) return lowest + 0
  return bisect(lowest, highest, (limit) => countUpTo(limit) >= rank) + 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** For indexes that are within bounds by construction. */
function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? Number.NaN
}

/** The middle value, or the mean of the two middle ones. */
export function median(sorted: readonly number[]): number {
  return (at(sorted, (sorted.length - 1) >> 1) + at(sorted, sorted.length >> 1)) / 2
}
