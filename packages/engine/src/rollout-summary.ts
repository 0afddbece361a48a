import type { Entry } from './journal.ts'
import type { RolloutFilter, RolloutSummary } from './store.ts'

/**
 * The summary of a journal from its first and last entry: `created` comes first, and `finished` last where there is
 * one. Undefined where the journal does not begin with `created`: that is nobody's rollout. Pure.
 */
export function summarize(first: Entry, last: Entry): RolloutSummary | undefined {
  if (first.type !== 'created') return undefined
  const { service, from, to, replicas } = first.plan
  const finished = last.type === 'finished' ? last : undefined
  return {
    id: first.rollout,
    service,
    from,
    to,
    replicas,
    startedAt: first.at,
    finishedAt: finished?.at,
    outcome: finished?.outcome,
  }
}

/** The service whose rollout begins with `first`; undefined where that is nobody's rollout. Pure. */
export function serviceOfJournal(first: Entry | undefined): string | undefined {
  return first?.type === 'created' ? first.plan.service : undefined
}

/** Whether a rollout of the service that `first` names can pass `filter`, as far as its first entry tells. Pure. */
export function mayMatch(first: Entry, filter: RolloutFilter): boolean {
  const service = serviceOfJournal(first)
  if (service === undefined) return false
  return filter.service === undefined || service === filter.service
}

/** The summaries that pass `filter`, oldest first; those that began at the same instant by id. Pure. */
export function selectRollouts(
  summaries: readonly RolloutSummary[],
  filter: RolloutFilter,
): readonly RolloutSummary[] {
  return summaries.filter((summary) => matches(summary, filter)).sort(byAge)
}

function matches(summary: RolloutSummary, { service, open }: RolloutFilter): boolean {
  const rightService = service === undefined || summary.service === service
  return rightService && (open === undefined || open === (summary.outcome === undefined))
}

function byAge(a: RolloutSummary, b: RolloutSummary): number {
  return a.startedAt - b.startedAt || (a.id < b.id ? -1 : Number(a.id > b.id))
}
