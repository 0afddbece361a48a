import type { Hook, Metrics } from '@changeover/engine'
import type { SimulatedFleet } from './simulated-fleet.ts'
import type { SimulatedRouter } from './simulated-router.ts'

/** The simulated outside: its ports, and what is really so. */
export interface Outside {
  readonly routing: SimulatedRouter
  readonly instances: SimulatedFleet
  readonly metrics: Metrics
  readonly hooks: Readonly<Record<string, Hook>>
}
