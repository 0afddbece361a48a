import { currentRelease } from './history.ts'
import type { RolloutSummary } from './store.ts'

/**
 * Ids of the finished rollouts of one service that may go, oldest first, so that `retain` finished ones are left. Never
 * one that is under way, and never what tells the current release and the one before it. `history` is of one service,
 * oldest first. Pure.
 */
export function expendable(history: readonly RolloutSummary[], retain: number): string[] {
  const finished = history.filter(({ outcome }) => outcome !== undefined)
  const surplus = finished.length - retain
  if (surplus <= 0) return []
  const needed = neededBy(finished)
  return finished
    .slice(0, surplus)
    .map(({ id }) => id)
    .filter((id) => !needed.has(id))
}

/** The rollouts without which the current release, or where a rollback leads, would be told otherwise. */
function neededBy(finished: readonly RolloutSummary[]): ReadonlySet<string> {
  const current = currentRelease(finished)?.id
  const promoted = finished.filter(({ outcome }) => outcome === 'promoted')
  const needed = [
    finished.findLast(({ outcome }) => outcome === 'promoted' || outcome === 'rolled-back'),
    promoted.at(-1),
    promoted.findLast(({ from, to }) => to.id !== current || (from && from.id !== current)),
  ]
  return new Set(needed.flatMap((one) => (one ? [one.id] : [])))
}
