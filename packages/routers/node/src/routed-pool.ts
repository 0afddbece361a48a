import { FULL_WEIGHT, type Pool, proportionalWeights } from '@changeover/engine'
import type { InFlightCount } from './in-flight.ts'
import type { Tally } from './traffic.ts'
import type { Endpoint } from './upstream-pool.ts'
import { type WeightedSequence, weightedSequence } from './weighted-choice.ts'

/** An instance as requests see it: its connections and its counts at hand. */
export interface RoutedInstance {
  readonly id: string
  readonly release: string
  readonly address: string
  readonly endpoint: Endpoint
  readonly inFlight: InFlightCount
  readonly tally: Tally
}

/** Makes an instance of a release, with its connections and its counts. */
export type InstanceMaker = (release: string, instance: Pool['instances'][number]) => RoutedInstance

/** A pool that requests can reach. */
export interface RoutedPool {
  readonly release: string
  readonly weight: number
  readonly instances: readonly RoutedInstance[]
  /** Where the next search for the least busy instance starts; makes ties go round. */
  turn: number
}

/** Pools with weight, and the order in which they take turns: where a request can go that nothing else decides about. */
export interface Lane {
  readonly pools: readonly RoutedPool[]
  readonly sequence: WeightedSequence
}

/** The lane of those pools that have weight, shared among them alone. */
export function laneOf(pools: readonly RoutedPool[], phase: number): Lane {
  const weighted = pools.filter(({ weight }) => weight > 0)
  const weights = weighted.map(({ weight }) => weight)
  const whole = weights.reduce((sum, weight) => sum + weight, 0) === FULL_WEIGHT
  const shares = whole ? weights : proportionalWeights(weights)
  return { pools: weighted, sequence: weightedSequence(shares, phase) }
}

/** The lane of one release, whatever its weight. */
export function onlyLane(pools: readonly RoutedPool[], release: string): Lane {
  const own = pools.filter((pool) => pool.release === release)
  return { pools: own, sequence: weightedSequence([FULL_WEIGHT], 0) }
}
