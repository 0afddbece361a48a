import { FULL_WEIGHT, type InstanceState } from '@changeover/engine'
import type {
  InstanceCounts,
  InstanceView,
  RolloutStatus,
  RolloutSummaryView,
  RolloutView,
} from '../api/index.ts'
import { cut } from './entry-view.ts'
import { gateViews } from './gate-view.ts'
import { releaseView } from './release-view.ts'
import { stepViews } from './step-view.ts'
import type { Story } from './story.ts'

/** Whether a service wants four eyes. */
export type FourEyes = (service: string) => boolean

/** The rollout after the last entry of its story. Pure. */
export function rolloutView(story: Story, fourEyes: FourEyes = () => false): RolloutView {
  const { state, holder } = story
  const { plan, failure, abort, paused } = state
  return {
    ...summaryOf(story),
    seq: state.lastEntry.seq,
    status: statusOf(story),
    strategy: plan.strategy,
    by: state.by,
    ...(fourEyes(plan.service) ? { fourEyes: true } : {}),
    direction: state.direction,
    position: state.position,
    steps: stepViews(story),
    gates: gateViews(story),
    pools: poolsOf(story),
    counts: countsOf(story),
    capacity: plan.capacity,
    warnings: plan.warnings,
    paused: paused && { since: paused.since, by: paused.by },
    promotedBy: state.promote?.by,
    aborted: abort && { by: abort.by, reason: cut(abort.reason) },
    failure: failure && { code: failure.code, reason: cut(failure.reason) },
    holder,
  }
}

/** What people call the state that it is in. */
function statusOf({ state }: Story): RolloutStatus {
  if (state.outcome !== undefined) return state.outcome
  if (state.direction === 'back' || state.abort) return 'rolling-back'
  if (state.held.size > 0) return 'held'
  if (state.paused) return 'paused'
  const waits = state.stepStartedAt !== undefined && state.steps[state.position]?.step === 'approve'
  return waits ? 'waiting' : 'progressing'
}

/**
 * Until it has moved anything the release of before has everything; unless others were found running beside it, as after a
 * rollout that failed safe: then only the router knows.
 */
function poolsOf({ state }: Story): RolloutView['pools'] {
  const { converged, intended, plan, instances } = state
  if (converged)
    return converged.pools.map(({ release, weight, instances: count }) => {
      return { release, weight, instances: count }
    })
  const { from } = plan
  const all = [...instances.values()]
  const isOwn = (one: InstanceState): boolean => one.id.startsWith(`${state.id}.`)
  if (!from || intended || !all.every((one) => one.release === from.id || isOwn(one))) return []
  const serving = all.filter(({ release, phase }) => release === from.id && phase === 'available')
  return [{ release: from.id, weight: FULL_WEIGHT, instances: serving.length }]
}

/** Its instances, in the order in which they were launched. */
export function instanceViews({ state }: Story): InstanceView[] {
  return [...state.instances.values()].map((one) => ({
    id: one.id,
    release: one.release,
    phase: one.phase,
    address: one.instance?.address,
    since: sinceOf(one),
  }))
}

function sinceOf({ phase, launchedAt, readyAt }: InstanceState): number {
  return phase === 'launching' || phase === 'starting' ? launchedAt : (readyAt ?? launchedAt)
}

function summaryOf({ state, finishedAt }: Story): RolloutSummaryView {
  const { plan } = state
  return {
    id: state.id,
    service: plan.service,
    from: plan.from && releaseView(plan.from),
    to: releaseView(plan.to),
    replicas: plan.replicas,
    startedAt: state.startedAt,
    finishedAt,
    outcome: state.outcome,
  }
}

/** The new release first, then the old one, then others that are still there. */
function countsOf({ state }: Story): InstanceCounts[] {
  const counts = new Map<string, { starting: number; ready: number; stopping: number }>()
  const of = (release: string): { starting: number; ready: number; stopping: number } => {
    const known = counts.get(release) ?? { starting: 0, ready: 0, stopping: 0 }
    counts.set(release, known)
    return known
  }
  of(state.plan.to.id)
  if (state.plan.from) of(state.plan.from.id)
  for (const { release, phase } of state.instances.values()) of(release)[KIND[phase]] += 1
  return [...counts].map(([release, count]) => ({ release, ...count }))
}

const KIND = {
  launching: 'starting',
  starting: 'starting',
  ready: 'ready',
  available: 'ready',
  stopping: 'stopping',
} as const
