import type { Entry } from '@changeover/engine'

/** Weights that came into force, in basis points by release. */
export interface WeightPoint {
  readonly at: number
  readonly weights: Readonly<Record<string, number>>
}

export interface Weights {
  /** By revision: intended, and not yet seen in force. */
  readonly intended: Readonly<Record<number, WeightPoint['weights']>>
  readonly points: readonly WeightPoint[]
}

export const noWeights: Weights = { intended: {}, points: [] }

/** The weights after one more entry: they count from when the router was seen to follow them. */
export function foldWeights(weights: Weights, entry: Entry): Weights {
  if (entry.type === 'routes-intended') {
    const pools = entry.pools.map(({ release, weight }) => [release, weight] as const)
    return { ...weights, intended: { [entry.revision]: Object.fromEntries(pools) } }
  }
  if (entry.type !== 'routes-converged') return weights
  const inForce = weights.intended[entry.revision]
  if (inForce === undefined) return weights
  return { intended: {}, points: [...weights.points, { at: entry.at, weights: inForce }] }
}
