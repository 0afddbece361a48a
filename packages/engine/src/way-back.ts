import { FULL_WEIGHT } from './route-table.ts'
import type { DrainSettings, Step } from './step.ts'
import type { StrategyContext } from './strategy.ts'
import type { StrategyTimes } from './strategy-times.ts'

/** A release that has served gets more time on the way back: there is no other one to fall back on. */
export const PATIENCE_BACK = 3

/** Ends a release that is out of the routes: its requests first, then its instances. */
export function leave(release: string, drain: DrainSettings): Step[] {
  return [
    { step: 'drain', release, ...drain },
    { step: 'stop', release, deadlineMs: drain.deadlineMs },
  ]
}

/** The way back where nothing served before: no routes, then no instances. */
export function withdraw(release: string, drain: DrainSettings): Step[] {
  return [{ step: 'shift', weights: {} }, ...leave(release, drain)]
}

/** Launches `instances` of a release, where fewer run. */
export function bringTo(
  release: string,
  instances: number,
  { minReadyMs, readyWithinMs }: StrategyTimes,
): Extract<Step, { readonly step: 'launch' }> {
  return { step: 'launch', release, instances, minReadyMs, readyWithinMs }
}

/**
 * The way back of plans that keep both sides whole: capacity before routes (nothing to launch while all are up), then all
 * traffic in one table without rules, affinity and mirror, then the new release goes.
 */
export function wayBack(context: StrategyContext, times: StrategyTimes): Step[] {
  const { from, to, replicas, running } = context
  const others = leaveAll(context.others, times)
  if (!from) return [...withdraw(to.id, times.drain), ...others]
  const patient = { ...times, readyWithinMs: times.readyWithinMs * PATIENCE_BACK }
  return [
    bringTo(from.id, running || replicas, patient),
    allTo(from.id),
    ...leave(to.id, times.drain),
    ...others,
  ]
}

/** One table that sends everything to one release, and clears whatever else the table before it held. */
export function allTo(release: string): Step {
  return { step: 'shift', weights: { [release]: FULL_WEIGHT } }
}

/**
 * Instances of other releases than the two: what an earlier rollout left behind when it failed safe. They go at the
 * start, after the release in place was made whole and has all traffic.
 */
export function evictOthers(context: StrategyContext, times: StrategyTimes): Step[] {
  const { from, others } = context
  if (!from || leftBehind(context) === 0) return []
  return [bringTo(from.id, inPlace(context), times), allTo(from.id), ...leaveAll(others, times)]
}

/** Where nothing is in place, what an earlier rollout left behind goes last. */
export function leaveOthers({ from, others }: StrategyContext, times: StrategyTimes): Step[] {
  return from ? [] : leaveAll(others, times)
}

/** Ends all of these releases, in an order of their own. */
export function leaveAll(others: StrategyContext['others'] = {}, { drain }: StrategyTimes): Step[] {
  return Object.keys(others)
    .toSorted()
    .flatMap((release) => leave(release, drain))
}

/** How many instances of other releases run than the one in place and the new one. */
export function leftBehind({ others = {} }: StrategyContext): number {
  return Object.values(others).reduce((sum, count) => sum + count, 0)
}

/** Instances of the release in place while the new one is brought in. */
export function inPlace(context: StrategyContext): number {
  const { from, replicas, running } = context
  if (!from) return 0
  return leftBehind(context) > 0 ? Math.max(running, replicas) : running
}

/** Most instances while the new release is brought in whole beside the one in place. */
export function sideBySide(context: StrategyContext): number {
  const { from, replicas } = context
  const others = leftBehind(context)
  // They go before the new release comes, where there is one in place to serve meanwhile.
  return from ? inPlace(context) + Math.max(replicas, others) : replicas + others
}
