import type { Release, RolloutSummary, RouteTable } from '@changeover/engine'
import type { PoolView, ReleaseView, RolloutSummaryView, ServiceView } from '../api/index.ts'
import { releaseView } from './release-view.ts'

/** A service as its history and its router tell it. `history` is oldest first. Pure. */
export function serviceView(
  name: string,
  history: readonly RolloutSummary[],
  pools: readonly PoolView[] | undefined,
): ServiceView {
  const open = history.findLast(({ outcome }) => outcome === undefined)
  const last = history.findLast(({ outcome }) => outcome !== undefined)
  const current = currentRelease(history)
  const promoted = history.findLast(({ outcome }) => outcome === 'promoted')
  return {
    name,
    current: current && releaseView(current),
    rollout: open && summaryView(open),
    last: last && summaryView(last),
    replicas: (open ?? promoted ?? last)?.replicas,
    pools,
    rollbackTo: rollbackTargets(history, current),
  }
}

/** One line of a history, without specs. */
export function summaryView(summary: RolloutSummary): RolloutSummaryView {
  const { id, service, from, to, replicas, startedAt, finishedAt, outcome } = summary
  return {
    id,
    service,
    from: from && releaseView(from),
    to: releaseView(to),
    replicas,
    startedAt,
    finishedAt,
    outcome,
  }
}

/** What a router was seen to follow. */
export function poolViews({ pools }: RouteTable): PoolView[] {
  return pools.map(({ release, weight, instances }) => {
    return { release, weight, instances: instances.length }
  })
}

/** The release that the last finished rollout left in place. */
function currentRelease(history: readonly RolloutSummary[]): Release | undefined {
  const last = history.findLast(
    ({ outcome }) => outcome === 'promoted' || outcome === 'rolled-back',
  )
  return last?.outcome === 'promoted' ? last.to : last?.from
}

/** Releases that served once, the newest first: what the engine goes back to. */
function rollbackTargets(
  history: readonly RolloutSummary[],
  current: Release | undefined,
): ReleaseView[] {
  const promoted = history.filter(({ outcome }) => outcome === 'promoted')
  const served = promoted.flatMap(({ from, to }) => (from ? [from, to] : [to]))
  const targets = new Map<string, ReleaseView>()
  for (const release of served.toReversed()) {
    if (release.id !== current?.id && !targets.has(release.id))
      targets.set(release.id, releaseView(release))
  }
  return [...targets.values()]
}
