import type { Pool } from '@changeover/engine'

/** The release to ask, and its instances in the order in which to try them. */
export type Choice = readonly [release: string, ...instances: Pool['instances']]

/**
 * Chooses pools exactly by weight: each turn every pool gains its weight, and the one that has gained most pays for all.
 * Instances of a pool take turns.
 */
export function weightedChoice(pools: readonly Pool[]): () => Choice {
  const served = pools.filter(({ weight }) => weight > 0)
  const credit = new Map(served.map(({ release }) => [release, 0]))
  let turn = 0
  const creditOf = ({ release }: Pool): number => credit.get(release) ?? 0
  return () => {
    for (const pool of served) credit.set(pool.release, creditOf(pool) + pool.weight)
    const [first, ...others] = served
    if (!first) return ['nobody']
    const chosen = others.reduce((a, b) => (creditOf(b) > creditOf(a) ? b : a), first)
    credit.set(chosen.release, creditOf(chosen) - 10_000)
    turn += 1
    const at = turn % chosen.instances.length
    return [chosen.release, ...chosen.instances.slice(at), ...chosen.instances.slice(0, at)]
  }
}
