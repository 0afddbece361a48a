import type { ContractQuery } from '../contracts/contract.ts'
import type { Effect } from '../rules/effect.ts'
import { concernsQueries, touches } from './live-needs.ts'
import type { QueryUse, ReleaseUse } from './live-needs.ts'
import type { StatementEffects } from './migration-effects.ts'

/** A query of a release, which broke. */
interface Broken {
  readonly release: string
  readonly query: ContractQuery
}

/** The statement of a transaction that explains best why a query broke with it. */
export function blamedStatement(
  group: readonly StatementEffects[],
  broken: Broken,
  releases: readonly ReleaseUse[],
): StatementEffects | undefined {
  const use = useOf(broken, releases)
  return (
    group.findLast(({ effects }) =>
      effects.some((one) => use && touches(one, use) === 'certainly'),
    ) ??
    group.findLast(({ effects }) => effects.some((one) => use && touches(one, use))) ??
    group.findLast(({ effects }) => effects.some(takesAway)) ??
    group.at(-1)
  )
}

/** The effect of a statement that explains best why a query broke. */
export function blamedEffect(
  { effects }: StatementEffects,
  broken: Broken,
  releases: readonly ReleaseUse[],
): Effect | undefined {
  const use = useOf(broken, releases)
  return (
    effects.find((one) => use && touches(one, use) === 'certainly') ??
    effects.find((one) => use && touches(one, use)) ??
    effects.find(takesAway) ??
    effects[0]
  )
}

function useOf({ release, query }: Broken, releases: readonly ReleaseUse[]): QueryUse | undefined {
  const queries = releases.find((one) => one.release === release)?.queries
  return queries?.find((one) => one.query.sql === query.sql)
}

function takesAway(effect: Effect): boolean {
  return effect.classes.includes('compat') || concernsQueries(effect)
}
