import { isIP, isIPv6 } from 'node:net'

/** So many at once, and one more each `everyMs`. */
export interface Bucket {
  readonly size: number
  readonly everyMs: number
}

export interface RateLimitOptions {
  readonly perAddress: Bucket
  readonly inAll: Bucket
  /** Addresses remembered; the ones longest unseen are forgotten first, which the limit in all outlasts. */
  readonly addresses: number
}

/** Limits tries by address, and in all. */
export interface RateLimit {
  /** Counts one. @returns milliseconds until another one may be made, where there were too many; else 0 */
  take(address: string | undefined, now: number): number
  /** Takes one back that was rightful. */
  giveBack(address: string | undefined): void
  readonly remembered: number
}

interface Level {
  tokens: number
  at: number
}

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perAddress, inAll, addresses } = options
  const all = fullAt(inAll, 0)
  const levels = new Map<string, Level>()
  const levelOf = (key: string, now: number): Level => {
    const level = levels.get(key) ?? fullAt(perAddress, now)
    levels.delete(key)
    levels.set(key, level)
    if (levels.size > addresses) levels.delete(oldest(levels) ?? key)
    return level
  }
  return {
    take(address, now) {
      const own = levelOf(networkOf(address), now)
      const waitMs = Math.max(refill(own, perAddress, now), refill(all, inAll, now))
      if (waitMs > 0) return waitMs
      own.tokens -= 1
      all.tokens -= 1
      return 0
    },
    giveBack(address) {
      const own = levels.get(networkOf(address))
      if (own !== undefined) own.tokens = Math.min(perAddress.size, own.tokens + 1)
      all.tokens = Math.min(inAll.size, all.tokens + 1)
    },
    get remembered() {
      return levels.size
    },
  }
}

function fullAt(bucket: Bucket, now: number): Level {
  return { tokens: bucket.size, at: now }
}

/** Lets in what came since, and tells how long the next one has to wait. */
function refill(level: Level, { size, everyMs }: Bucket, now: number): number {
  level.tokens = Math.min(size, level.tokens + Math.max(0, now - level.at) / everyMs)
  level.at = now
  return level.tokens >= 1 ? 0 : Math.ceil((1 - level.tokens) * everyMs)
}

function oldest(levels: ReadonlyMap<string, Level>): string | undefined {
  return levels.keys().next().value
}

/** What counts as one address: of IPv6 the first 64 bits, since one machine has all the rest to itself. Pure. */
export function networkOf(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  if (mapped !== undefined) return mapped
  if (isIPv6(bare)) return `${groupsOf(bare).slice(0, 4).join(':')}::/64`
  return isIP(bare) === 0 ? 'unknown' : bare
}

/** The eight groups of an IPv6 address; a dotted end counts for two. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const first = parts(head)
  if (tail === undefined) return first
  const last = parts(tail)
  const gap = 8 - first.length - last.length
  return [...first, ...Array.from({ length: Math.max(0, gap) }, () => '0'), ...last]
}

function parts(text: string): string[] {
  const groups = text === '' ? [] : text.split(':')
  return groups.flatMap((group) =>
    group.includes('.') ? ['dotted', 'dotted'] : [group.replace(/^0+(?=.)/, '')],
  )
}
