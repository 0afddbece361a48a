import { isDeepStrictEqual } from 'node:util'
import { type Entry, foldJournal, type Plan, type RouteTable } from '@changeover/engine'

export interface EndCheck {
  readonly entries: readonly Entry[]
  readonly plan: Pick<Plan, 'capacity' | 'from' | 'to'>
  /** What requests follow. */
  readonly table: RouteTable | undefined
  readonly ready: (id: string) => boolean
  /** Whether it ended by itself so long ago that everybody must know. */
  readonly gone: (id: string) => boolean
  /** Instances were lost or faltered: how many serve proves nothing. */
  readonly disturbed: boolean
}

/** What is wrong with the journal of a rollout that has ended. Pure. */
export function journalProblems(entries: readonly Entry[], withoutData: boolean): string[] {
  const ends = entries.filter(({ type }) => type === 'finished')
  return [
    ...(ends.length === 1 ? [] : [`rule 7: the journal has ${ends.length} ends`]),
    ...evidenceProblems(entries, withoutData),
    ...foldProblems(entries),
  ]
}

/** What is wrong with the outside at the instant at which a rollout ended. */
export function servingProblems({
  entries,
  plan,
  table,
  ready,
  gone,
  disturbed,
}: EndCheck): string[] {
  const last = entries.at(-1)
  if (last?.type !== 'finished' || last.outcome === 'failed-safe') return []
  const release = last.outcome === 'promoted' ? plan.to.id : plan.from?.id
  const pools = table?.pools ?? []
  const wrong = pools.find((pool) => pool.release !== release && pool.weight > 0)
  if (wrong) return [`rule 7: ${last.outcome}, and ${wrong.release} gets ${wrong.weight}`]
  if (release === undefined) return []
  const extras = table?.rules?.some((rule) => rule.release !== release) || table?.mirror
  const serving = pools.flatMap(({ instances }) => instances).filter(({ id }) => ready(id)).length
  const lost = pools.flatMap(({ instances }) => instances).find(({ id }) => gone(id))
  const needed = disturbed ? 1 : Math.max(1, plan.capacity.minAvailable)
  return [
    ...(lost ? [`rule 7: ${last.outcome}, and ${lost.id} gets traffic long after its end`] : []),
    ...(extras ? [`rule 8: ${last.outcome}, and rules or a mirror are left`] : []),
    ...(serving >= needed ? [] : [`rule 7: ${last.outcome}, and ${serving} of ${needed} serve`]),
  ]
}

function evidenceProblems(entries: readonly Entry[], withoutData: boolean): string[] {
  const judged = entries.flatMap((entry) =>
    entry.type === 'step-started' && entry.step.step === 'judge' ? [entry.step.gate] : [],
  )
  const judges = new Set(judged)
  return entries.flatMap((entry) => {
    if (entry.type !== 'judged' || entry.verdict.verdict !== 'pass') return []
    if (entry.verdict.evidence <= 0) return [`rule 10: ${entry.gate} passed on no evidence`]
    const blind = withoutData && judges.has(entry.gate)
    const overridden = entry.verdict.reason.startsWith('overridden')
    return blind && !overridden ? [`rule 10: ${entry.gate} passed without data`] : []
  })
}

function foldProblems(entries: readonly Entry[]): string[] {
  if (entries.length === 0) return []
  const alike = isDeepStrictEqual(foldJournal(entries), foldJournal(entries))
  return alike ? [] : ['rule 7: the fold is not pure']
}
