import type { Affinity, ReleaseTraffic, Router, RouteRule, RouteTable } from '@changeover/engine'

export function reweighed(
  table: RouteTable,
  change: (weights: readonly number[]) => readonly number[],
): RouteTable {
  const weights = change(table.pools.map(({ weight }) => weight))
  return { ...table, pools: table.pools.map((pool, i) => ({ ...pool, weight: weights[i] ?? 0 })) }
}

export function ensureSome(weights: readonly number[]): readonly number[] {
  const full = weights.indexOf(10_000)
  if (full < 0) return weights
  const others = weights.length - 1
  return weights.map((_, i) => (i === full ? 10_000 - 100 * others : 100))
}

export function allOrNothing(weights: readonly number[]): readonly number[] {
  const most = weights.indexOf(Math.max(...weights))
  return weights.map((_, i) => (i === most ? 10_000 : 0))
}

export function firstInstances(table: RouteTable): RouteTable {
  const pools = table.pools.map((pool) => ({ ...pool, instances: pool.instances.slice(0, 1) }))
  return { ...table, pools }
}

/** Applies another table than the one that it was given. */
export function changed(
  router: Router,
  change: (table: RouteTable) => RouteTable,
): Partial<Router> {
  return { apply: (table, options) => router.apply(change(table), options) }
}

export function without(table: RouteTable, part: 'rules' | 'affinity'): RouteTable {
  const others = { ...table }
  Reflect.deleteProperty(others, part)
  return others
}

export function ruled(table: RouteTable, wanted: (rule: RouteRule) => boolean): RouteTable {
  return { ...table, rules: (table.rules ?? []).filter(wanted) }
}

export function rewritten(table: RouteTable, rewrite: (rule: RouteRule) => RouteRule): RouteTable {
  return { ...table, rules: (table.rules ?? []).map(rewrite) }
}

export function valueless(rule: RouteRule): RouteRule {
  const others = { ...rule }
  Reflect.deleteProperty(others, 'value')
  return others
}

export function cohort(table: RouteTable, change: Partial<Affinity>): RouteTable {
  return table.affinity ? { ...table, affinity: { ...table.affinity, ...change } } : table
}

/** Twice the weight, as far as there is any, for the release of the cohort. */
export function doubled(table: RouteTable): RouteTable {
  const release = table.affinity?.release
  const weight = Math.min(
    10_000,
    2 * (table.pools.find((pool) => pool.release === release)?.weight ?? 0),
  )
  return reweighed(table, () =>
    table.pools.map((pool) => (pool.release === release ? weight : 10_000 - weight)),
  )
}

/** A table without rules leaves those of the one before in force. */
export function clinging(router: Router): Partial<Router> {
  let rules: readonly RouteRule[] = []
  return changed(router, (table) => ({ ...table, rules: (rules = table.rules ?? rules) }))
}

type Slow = NonNullable<ReleaseTraffic['slow']>

/** Counts slow requests in another way. */
export function retold(router: Router, retell: (slow: Slow) => Slow): Partial<Router> {
  return {
    async traffic(service) {
      const sample = Object.entries((await router.traffic?.(service)) ?? {})
      return Object.fromEntries(
        sample.map(([release, { slow = {}, ...counts }]) => {
          return [release, { ...counts, slow: retell(slow) }]
        }),
      )
    },
  }
}

export function quick(slow: Slow): Slow {
  return Object.fromEntries(Object.keys(slow).map((bound) => [bound, 0]))
}

/** Answers at once, and does what it was asked to a little later. */
export function late(router: Router): Partial<Router> {
  return {
    async apply(table) {
      const { service, revision } = table
      setTimeout(() => void router.apply(table), 200)
      return { service, revision, outcome: 'applied' }
    },
    converge: async ({ revision }) => {
      return { revision, converged: true, level: 'observed', evidence: 'it said so' }
    },
  }
}
