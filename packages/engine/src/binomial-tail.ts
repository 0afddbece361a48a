const MOST_TERMS = 100_000
const TINY = 1e-300

/** Stirling's series is exact to the last digits from here on (DLMF 5.11.1). */
const STIRLING_FROM = 15
/** Its coefficients, of the odd powers of 1 / x. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360]

/** Natural logarithm of the gamma function, for `x` above 0. */
function logGamma(x: number): number {
  let shift = 1
  let at = x
  for (; at < STIRLING_FROM; at += 1) shift *= at
  const series = STIRLING.reduceRight((sum, factor) => sum / (at * at) + factor, 0) / at
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - Math.log(shift)
}

/**
 * Probability of at most `bad` bad requests among `total` where each is bad with probability `rate`. Counts need not be
 * whole: metrics systems extrapolate.
 */
export function atMost(bad: number, total: number, rate: number): number {
  if (bad >= total || rate <= 0) return 1
  if (rate >= 1) return 0
  return incompleteBeta({ x: 1 - rate, y: rate, a: total - bad, b: bad + 1 })
}

/** Probability of at least `bad` bad requests among `total` where each is bad with probability `rate`. */
export function atLeast(bad: number, total: number, rate: number): number {
  if (bad <= 0 || rate >= 1) return 1
  if (rate <= 0) return 0
  return incompleteBeta({ x: rate, y: 1 - rate, a: bad, b: total - bad + 1 })
}

interface Beta {
  readonly x: number
  /** `1 - x`, with all its digits. */
  readonly y: number
  readonly a: number
  readonly b: number
}

/** The regularized incomplete beta function I_x(a, b): DLMF 8.17.22, on the side where the fraction converges fast. */
function incompleteBeta({ x, y, a, b }: Beta): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta({ x: y, y: x, a: b, b: a })
  const [logX, logY] = x < y ? [Math.log(x), Math.log1p(-x)] : [Math.log1p(-y), Math.log(y)]
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * logX + b * logY
  return Math.exp(front) / (a * betaFraction({ x, y, a, b }))
}

/** By the modified method of Lentz (Thompson & Barnett 1986). */
function betaFraction(beta: Beta): number {
  let [value, c, d] = [1, 1, 0]
  for (let i = 1; i < MOST_TERMS; i += 1) {
    const numerator = betaNumerator(beta, i)
    d = 1 / awayFromZero(1 + numerator * d)
    c = awayFromZero(1 + numerator / c)
    value *= c * d
    if (Math.abs(c * d - 1) <= Number.EPSILON) break
  }
  return value
}

function betaNumerator({ x, a, b }: Beta, i: number): number {
  const m = Math.floor(i / 2)
  if (i % 2 === 0) return (m * (b - m) * x) / ((a + i - 1) * (a + i))
  return (-(a + m) * (a + b + m) * x) / ((a + i - 1) * (a + i))
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}
