import { refuse } from './changeover-error.ts'
import type { Release } from './release.ts'
import type { Service } from './service.ts'
import type { RolloutSummary } from './store.ts'

/** The release that the last finished rollout left in place. Pure, like all here. */
export function currentRelease(history: readonly RolloutSummary[]): Release | undefined {
  const last = history.findLast(
    ({ outcome }) => outcome === 'promoted' || outcome === 'rolled-back',
  )
  return last?.outcome === 'promoted' ? last.to : last?.from
}

/** Whether a rollout leads to the release that was there already: it puts the service right, and changes nothing else. */
export function isRepair({ from, to }: Pick<RolloutSummary, 'from' | 'to'>): boolean {
  return from?.id === to.id
}

/** Whether the service stands as a rollout left it that could go neither forward nor back: people decide. */
export function isFrozen(history: readonly RolloutSummary[]): boolean {
  // A repair that came to nothing moved nothing, and one that came to its end has put an end to that.
  const last = history.findLast((one) => !isRepair(one) || one.outcome === 'promoted')
  return last?.outcome === 'failed-safe'
}

/** How many instances the service is to have: as many as its last good rollout asked for. */
export function replicasOf(history: readonly RolloutSummary[]): number | undefined {
  const promoted = history.findLast(({ outcome }) => outcome === 'promoted')
  return (promoted ?? history.findLast(({ outcome }) => outcome === 'rolled-back'))?.replicas
}

/** Whether a release is recorded as one that had the traffic of a rollout that ended well. */
export function hasServed(history: readonly RolloutSummary[], release: string): boolean {
  return history.some(
    ({ outcome, from, to }) =>
      from?.id === release || (outcome === 'promoted' && to.id === release),
  )
}

/** The service as its history tells it. */
export function serviceOf(name: string, history: readonly RolloutSummary[]): Service {
  const underWay = history.find(({ outcome }) => outcome === undefined)
  return { name, current: currentRelease(history), rollout: underWay?.id }
}

/** Every service that has a history. */
export function servicesOf(history: readonly RolloutSummary[]): Service[] {
  const byName = new Map<string, RolloutSummary[]>()
  for (const summary of history) {
    const known = byName.get(summary.service)
    if (known) known.push(summary)
    else byName.set(summary.service, [summary])
  }
  return [...byName].map(([name, own]) => serviceOf(name, own))
}

/**
 * The recorded release to go back to: the one asked for, or the last healthy one before the current one.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE`
 */
export function rollbackTarget(
  service: string,
  history: readonly RolloutSummary[],
  to: string | undefined,
): { release: Release; replicas: number } {
  const current = currentRelease(history)
  const promoted = history.filter(({ outcome }) => outcome === 'promoted')
  // What a promoted rollout replaced had served; the first one may have replaced a release that was taken over.
  const served = promoted.flatMap((one) => (one.from ? [one.from, one.to] : [one.to]))
  const proven = served.filter(({ id }) => id !== current?.id)
  const release = proven.findLast(({ id }) => to === undefined || id === to)
  const replicas = promoted.at(-1)?.replicas
  if (release && replicas !== undefined) return { release, replicas }
  throw refuse('CHANGEOVER_ROLLBACK_IMPOSSIBLE', {
    service,
    release: to ?? '(the one before)',
    problem: 'no rollout recorded it as healthy, or it is the current one',
    releases: [...new Set(proven.map(({ id }) => id))],
  })
}

/**
 * Refuses a release that was in place before the lowest one that may still start.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLBACK_IMPOSSIBLE`
 */
export function assertAboveFloor(
  service: string,
  history: readonly RolloutSummary[],
  release: string,
  floor: string | undefined,
): void {
  if (floor === undefined || floor === release) return
  const promoted = history.filter(({ outcome }) => outcome === 'promoted')
  const served = promoted.flatMap(({ from, to }) => (from ? [from.id, to.id] : [to.id]))
  // When it first served: going back to a release later makes it no newer.
  const [lowest, asked] = [served.indexOf(floor), served.indexOf(release)]
  if (lowest >= 0 && asked >= lowest) return
  throw refuse('CHANGEOVER_ROLLBACK_IMPOSSIBLE', {
    service,
    release,
    problem: `the schema is past what it needs: "${floor}" is the lowest release that may start`,
    releases: lowest < 0 ? [floor] : [...new Set(served.slice(lowest))],
  })
}
