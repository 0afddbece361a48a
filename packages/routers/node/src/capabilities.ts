import type { RouterCapabilities } from '@changeover/engine'
import { SLOW_BOUNDS_MS } from './traffic.ts'

/** What this router can do. */
export const CAPABILITIES: RouterCapabilities = Object.freeze({
  granularity: 1,
  split: 'request',
  inFlight: true,
  proof: 'observed',
  rules: true,
  affinity: true,
  slowBounds: SLOW_BOUNDS_MS,
  mirror: true,
  durable: false,
  drops: [],
  cohortHash: 'fnv1a-fmix32',
})
