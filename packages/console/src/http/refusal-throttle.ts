/** Keeps requests of nobody from filling the audit log. */
export interface RefusalThrottle {
  /**
   * Whether to record a refusal now, and how many of this address went unrecorded since the last one that was; undefined
   * where it is only counted.
   */
  count(address: string, now: number): { readonly unrecorded: number } | undefined
}

/** Time in which an address is recorded once, in milliseconds. */
const WINDOW_MS = 60_000
/** Addresses remembered; the oldest are forgotten. */
const ADDRESSES = 10_000

export function createRefusalThrottle(): RefusalThrottle {
  const known = new Map<string, { at: number; unrecorded: number }>()
  return {
    count(address, now) {
      const last = known.get(address)
      if (last && now - last.at < WINDOW_MS) {
        last.unrecorded += 1
        return undefined
      }
      known.delete(address)
      known.set(address, { at: now, unrecorded: 0 })
      const [oldest] = known.keys()
      if (known.size > ADDRESSES && oldest !== undefined) known.delete(oldest)
      return { unrecorded: last?.unrecorded ?? 0 }
    },
  }
}
