import { FULL_WEIGHT, type Pool } from '@changeover/engine'

/** How many entries a list of upstreams has at most; this many make Caddy 2.6 reload in some 13 ms. */
export const MAX_ENTRIES = 10_000
/** So many at least where releases share the requests: a short list would be in step with periodic traffic. */
const LEAST_ENTRIES = 1_000
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** By how many requests a release may be ahead of its share or behind, before it gets its due out of turn. */
const SLACK = 1.5

/**
 * The addresses that Caddy takes turns at: each release has its exact share of them, spread by the golden ratio, so that it is
 * within 2 requests of its share at any volume and in step with no period. Pure.
 *
 * Caddy's own `weighted_round_robin` (2.7 and later) serves each release in one block, thousands of requests long.
 */
export function upstreamSequence(pools: readonly Pool[]): string[] {
  const active = pools.filter(({ weight }) => weight > 0)
  const [first] = active
  if (!first) return []
  if (active.length === 1) return first.instances.map(({ address }) => address)
  const served = active.map(() => 0)
  return poolOrder(
    active.map(({ weight }) => weight / FULL_WEIGHT),
    sequenceSize(active),
  ).map((at) => {
    const turn = served[at] ?? 0
    served[at] = turn + 1
    return addressAt(active[at], turn)
  })
}

/** The positions of the pools in turn: `size` of them, of which each pool has its share. */
function poolOrder(shares: readonly number[], size: number): number[] {
  const served = shares.map(() => 0)
  return Array.from({ length: size }, (_, i) => {
    const owed = shares.map((share, at) => share * (i + 1) - (served[at] ?? 0))
    const most = owed.indexOf(Math.max(...owed))
    const due = poolAt(shares, ((i + 1) * GOLDEN) % 1)
    const early = (owed[due] ?? 0) < 1 - SLACK || (served[due] ?? 0) >= count(shares[due], size)
    const at = early || (owed[most] ?? 0) > SLACK ? most : due
    served[at] = (served[at] ?? 0) + 1
    return at
  })
}

function count(share: number | undefined, size: number): number {
  return Math.round((share ?? 0) * size)
}

/**
 * A multiple of what the weights need that is long enough for every instance to have a turn: by a prime, so that it has no
 * more in common with a period of the requests than it must.
 */
function sequenceSize(pools: readonly Pool[]): number {
  const exact = FULL_WEIGHT / pools.map(({ weight }) => weight).reduce(gcd, FULL_WEIGHT)
  const wanted = pools.map(({ weight, instances }) => (instances.length * FULL_WEIGHT) / weight)
  const least = Math.ceil(Math.max(LEAST_ENTRIES, ...wanted) / exact)
  const most = Math.floor(MAX_ENTRIES / exact)
  return exact * Math.min(nextPrime(least), most)
}

function nextPrime(least: number): number {
  for (let n = least; ; n += 1) if (n < 3 || isPrime(n)) return n
}

function isPrime(n: number): boolean {
  for (let by = 2; by * by <= n; by += 1) if (n % by === 0) return false
  return true
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/** The pool in whose share the point lies. */
function poolAt(shares: readonly number[], point: number): number {
  let end = 0
  const at = shares.findIndex((share) => point < (end += share))
  return at < 0 ? shares.length - 1 : at
}

function addressAt(pool: Pool | undefined, turn: number): string {
  return pool?.instances[turn % pool.instances.length]?.address ?? ''
}
