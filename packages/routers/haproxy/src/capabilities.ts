import type { RouterCapabilities } from '@changeover/engine'
import type { Settings } from './options.ts'

/** What this configuration of HAProxy can do. */
export function capabilitiesOf({ services }: Settings): RouterCapabilities {
  const all = [...services.values()]
  const marked = all.every(({ headers, cookies }) => headers.length + cookies.length > 0)
  const bounds = all.map(({ slowBounds }) => slowBounds)
  return Object.freeze({
    granularity: 1,
    split: 'request',
    inFlight: true,
    proof: 'programmed',
    rules: marked && all.every(({ rules }) => rules > 0),
    affinity: marked,
    mirror: false,
    slowBounds: (bounds[0] ?? []).filter((bound) => bounds.every((one) => one.includes(bound))),
    durable: all.every(({ file }) => file !== undefined),
    drops: [],
    cohortHash: 'xxh32',
  })
}
