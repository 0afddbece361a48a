import type { RouterCapabilities } from '@changeover/engine'

/** What is known of the Caddy that is asked. */
export interface CapabilitiesInput {
  /** Whether it starts again with what it was told last. */
  readonly durable: boolean
  /** Whether requests can be sent to every service, to see which table answers. */
  readonly seen: boolean
}

/** What Caddy can do, driven by this adapter. Pure. */
export function capabilities({ durable, seen }: CapabilitiesInput): RouterCapabilities {
  return {
    granularity: 1,
    split: 'request',
    inFlight: true,
    proof: seen ? 'observed' : 'programmed',
    rules: true,
    // Caddy hashes without a salt and without weights, so no cohort can be made of it.
    affinity: false,
    mirror: false,
    durable,
    // Each change starts all of its HTTP servers anew; the old ones close connections on which a request just began.
    drops: ['idle', 'new', 'upgraded', 'answer'],
  }
}
