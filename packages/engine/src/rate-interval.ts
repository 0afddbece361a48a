import { atLeast, atMost } from './binomial-tail.ts'
import { bisect } from './bisect.ts'
import { normalQuantile } from './erfc.ts'

interface CountedRate {
  readonly bad: number
  readonly total: number
  readonly confidence: number
}

/** Exact two-sided interval (Clopper & Pearson 1934): every rate that neither tail of the binomial refuses. */
export function clopperPearson(rate: CountedRate): readonly [low: number, high: number] {
  const { bad, total } = rate
  const tail = (1 - rate.confidence) / 2
  const low = bad === 0 ? 0 : bisect(0, 1, (at) => atLeast(bad, total, at) >= tail)
  const high = bad === total ? 1 : bisect(0, 1, (at) => atMost(bad, total, at) <= tail)
  return [low, high]
}

/** Two-sided score interval (Wilson 1927): shorter, and right on average only. */
export function wilson(rate: CountedRate): readonly [low: number, high: number] {
  const { bad, total } = rate
  const z = normalQuantile((1 - rate.confidence) / 2)
  const [share, weight] = [bad / total, z ** 2 / total]
  const middle = share + weight / 2
  const reach = Math.sqrt(weight * (share * (1 - share) + weight / 4))
  const clip = (end: number): number => Math.min(1, Math.max(0, end / (1 + weight)))
  return [bad === 0 ? 0 : clip(middle - reach), bad === total ? 1 : clip(middle + reach)]
}
