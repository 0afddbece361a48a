import type { Instance } from './instance.ts'

/** The instances of one release behind the router, and their share of the traffic. */
export interface Pool {
  /** Id of the release. */
  readonly release: string
  /** Basis points of new requests, 0 to 10,000. 0 means no new request at all. */
  readonly weight: number
  readonly instances: readonly Pick<Instance, 'id' | 'address'>[]
}

/** A pool as the journal keeps it. */
export interface PoolSummary {
  readonly release: string
  readonly weight: number
  /** How many instances. */
  readonly instances: number
}

export function summarizePools(pools: readonly Pool[]): PoolSummary[] {
  return pools.map(({ release, weight, instances }) => {
    return { release, weight, instances: instances.length }
  })
}
