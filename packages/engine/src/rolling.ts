import { z } from 'zod'
import { capacity, type Share } from './capacity.ts'
import { refuse } from './changeover-error.ts'
import { checkOptions } from './check-options.ts'
import { type Duration, toMs } from './duration.ts'
import type { DrainPolicy, Step, Window } from './step.ts'
import type { Strategy, StrategyContext, StrategyPlan } from './strategy.ts'

export interface RollingOptions {
  /** Instances that may run beyond the replicas: a count, or a percentage (rounded up). @default '25%' */
  readonly maxSurge?: Share
  /** Instances that may be missing: a count, or a percentage (rounded down). @default '25%' */
  readonly maxUnavailable?: Share
  /** How long an instance must stay ready before it counts. @default 0 */
  readonly minReady?: Duration
  /** How long an instance may take to become ready before the rollout turns back. @default '60s' */
  readonly readyWithin?: Duration
  /** How long an instance taken out of the routes may finish its requests, and what happens then. */
  readonly drain?: {
    /** @default '30s' */
    readonly deadline?: Duration
    /** @default 'force' */
    readonly onDeadline?: DrainPolicy
  }
}

const duration = z.union([z.number(), z.string()])
const share = z.union([z.number(), z.string()])
const optionsSchema = z.strictObject({
  maxSurge: share.optional(),
  maxUnavailable: share.optional(),
  minReady: duration.optional(),
  readyWithin: duration.optional(),
  drain: z
    .strictObject({
      deadline: duration.optional(),
      onDeadline: z.enum(['force', 'extend', 'hold']).optional(),
    })
    .optional(),
})

type ReplaceSettings = Omit<Extract<Step, { step: 'replace' }>, 'release' | keyof Window>

/**
 * Exchanges the instances a few at a time, in a sliding window: a new one starts as soon as `maxSurge` allows, an old
 * one goes as soon as `maxUnavailable` allows. Where a new instance does not become ready, everything goes back.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`; when the plan is made also
 *   `CHANGEOVER_CAPACITY_INVALID` and `CHANGEOVER_CAPACITY_NEVER_SERVES`
 * @example
 * ```ts
 * const strategy = rolling({ maxSurge: '25%', maxUnavailable: 0, minReady: '10s' })
 * ```
 */
export function rolling(options: RollingOptions = {}): Strategy {
  const checked = checkOptions(optionsSchema, options, 'rolling')
  const { maxSurge = '25%', maxUnavailable = '25%', drain } = checked
  const times = {
    minReadyMs: toMs(checked.minReady ?? 0, 'rolling.minReady'),
    readyWithinMs: toMs(checked.readyWithin ?? '60s', 'rolling.readyWithin'),
    drain: {
      deadlineMs: toMs(drain?.deadline ?? '30s', 'rolling.drain.deadline'),
      onDeadline: drain?.onDeadline ?? 'force',
    },
  }
  assertReachable(times)
  const plan = (context: StrategyContext): StrategyPlan =>
    planExchange(context, { maxSurge, maxUnavailable, ...times })
  return Object.freeze({ name: 'rolling', plan })
}

/** A release that has served gets more time on the way back: there is no other one to fall back on. */
const PATIENCE_BACK = 3

function planExchange(
  { from, to, replicas, running }: StrategyContext,
  options: { maxSurge: Share; maxUnavailable: Share } & Omit<ReplaceSettings, 'step'>,
): StrategyPlan {
  const { maxSurge, maxUnavailable, ...times } = options
  const { surge, unavailable, maxTotal, minAvailable } = capacity({
    replicas,
    maxSurge,
    maxUnavailable,
  })
  if (minAvailable < 1) {
    throw refuse('CHANGEOVER_CAPACITY_NEVER_SERVES', { replicas, value: maxUnavailable })
  }
  const window: Window = { replicas, surge, unavailable }
  const back = windowBack(window, running)
  const settings: ReplaceSettings = { step: 'replace', ...times }
  const patient = { ...settings, readyWithinMs: times.readyWithinMs * PATIENCE_BACK }
  return {
    steps: [{ ...settings, ...window, release: to.id }],
    rollback: from ? [{ ...patient, ...back, release: from.id }] : withdraw(to.id, times.drain),
    capacity: {
      maxTotal: Math.max(maxTotal, running),
      minAvailable: from ? Math.max(0, Math.min(minAvailable, running - back.unavailable)) : 0,
    },
    warnings: from ? [] : [`"${to.id}" is the first release: there is nothing to go back to`],
  }
}

/** The way back is to as many instances as there were; where those are few, at least one of them serves all the time. */
function windowBack({ replicas, surge, unavailable }: Window, running: number): Window {
  const wanted = running || replicas
  const spare = Math.min(unavailable, wanted - 1)
  return { replicas: wanted, unavailable: spare, surge: spare > 0 ? surge : Math.max(1, surge) }
}

/** The way back from a first deployment: no routes, then no instances. */
function withdraw(release: string, drain: ReplaceSettings['drain']): Step[] {
  return [
    { step: 'shift', weights: {} },
    { step: 'drain', release, ...drain },
    { step: 'stop', release, deadlineMs: drain.deadlineMs },
  ]
}

function assertReachable({
  minReadyMs,
  readyWithinMs,
}: Pick<ReplaceSettings, 'minReadyMs' | 'readyWithinMs'>): void {
  if (readyWithinMs > 0 && minReadyMs <= readyWithinMs) return
  throw refuse('CHANGEOVER_OPTION_INVALID', {
    field: 'rolling.readyWithin',
    value: readyWithinMs,
    problem: `no instance could be ready for ${minReadyMs} ms within ${readyWithinMs} ms`,
    remedy: 'Give readyWithin more time than minReady.',
  })
}
