import { FULL_WEIGHT, type RouteTable } from '@changeover/engine'
import type { InstanceMaker, RoutedInstance, RoutedPool } from './routed-pool.ts'
import { type WeightedSequence, weightedSequence } from './weighted-choice.ts'

/** Where copies of requests go. */
export interface MirrorRoute {
  readonly pool: RoutedPool
  /** Picks 0 for a request that is copied, 1 for one that is not. */
  readonly sequence: WeightedSequence
}

/** Compiles the mirror of a table; undefined where it copies nothing, so that all requests pay nothing for it. */
export function compileMirror(
  { mirror, pools }: RouteTable,
  instance: InstanceMaker,
  phase: number,
): MirrorRoute | undefined {
  if (!mirror || mirror.weight === 0) return undefined
  const { release, weight } = mirror
  const instances = pools.find((pool) => pool.release === release)?.instances ?? []
  const made = instances.map((one): RoutedInstance => instance(release, one))
  return {
    pool: { release, weight, instances: made, turn: 0 },
    sequence: weightedSequence([weight, FULL_WEIGHT - weight], phase),
  }
}
