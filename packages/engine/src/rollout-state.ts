import { refuse } from './changeover-error.ts'
import type { Instance } from './instance.ts'
import type { Direction, Entry } from './journal.ts'
import type { Plan } from './plan.ts'
import type { PoolSummary } from './pool.ts'
import type { RolloutOutcome } from './rollout-outcome.ts'
import type { Step } from './step.ts'
import type { Verdict } from './verdict.ts'

/**
 * What the journal knows of an instance. `available` means that it stayed ready for as long as the plan asks; only
 * then does it count. Instances that ended are dropped from the state.
 */
export type InstancePhase = 'launching' | 'starting' | 'ready' | 'available' | 'stopping'

export interface InstanceState {
  readonly id: string
  readonly release: string
  /** Undefined until the fleet has answered. */
  instance: Instance | undefined
  phase: InstancePhase
  /** When the phase began, or for a readiness deadline: when it was launched. */
  launchedAt: number
  readyAt: number | undefined
}

export interface ReleaseCounts {
  /** All that may run, stopping ones included. */
  running: number
  available: number
  stopping: number
}

export interface RoutesSummary {
  readonly revision: number
  readonly pools: readonly PoolSummary[]
}

export interface LostInstance {
  readonly id: string
  readonly release: string
  readonly reason: string
}

/** A rollout as its journal tells it. */
export interface RolloutState {
  readonly id: string
  readonly plan: Plan
  readonly startedAt: number
  lastEntry: Entry
  direction: Direction
  /** The steps of the current direction. */
  steps: readonly Step[]
  /** Index of the step that is under way or comes next. */
  position: number
  /** When the step under way began; undefined between steps. */
  stepStartedAt: number | undefined
  readonly instances: Map<string, InstanceState>
  /** Instances of the earlier release that served when the rollout began. */
  served: number
  /** Instances that ended by themselves in the current direction. */
  lost: readonly LostInstance[]
  /** Instances launched so far, for the next one's id. */
  launches: number
  /** Running instances by release, so that counting ten thousand takes no time. */
  readonly counts: Map<string, ReleaseCounts>
  /** The last routes intended, in force or not. */
  intended: RoutesSummary | undefined
  /** The last routes that the router was seen to follow. */
  converged: RoutesSummary | undefined
  readonly verdicts: Map<string, Verdict>
  /** Who approved, by gate. */
  readonly approvals: Map<string, Set<string>>
  readonly commands: Set<string>
  abort: { readonly by: string; readonly reason: string } | undefined
  outcome: RolloutOutcome | undefined
  /** Why it turned back or failed. */
  failure: { readonly code: string; readonly reason: string } | undefined
}

/**
 * The state that a journal tells. Pure: the same entries always give the same state.
 *
 * @throws ChangeoverError `CHANGEOVER_ROLLOUT_UNKNOWN` where there is no entry
 */
export function foldJournal(entries: Iterable<Entry>): RolloutState {
  let state: RolloutState | undefined
  for (const entry of entries) state = foldEntry(state, entry)
  if (state) return state
  throw refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout: '(empty journal)' })
}

/** Takes one entry into a state that the caller owns: it is changed in place, so that a long journal folds in linear time. */
export function foldEntry(state: RolloutState | undefined, entry: Entry): RolloutState {
  if (!state) return openState(entry)
  state.lastEntry = entry
  foldInstance(state, entry)
  foldRoutes(state, entry)
  foldProgress(state, entry)
  return state
}

function openState(entry: Entry): RolloutState {
  if (entry.type !== 'created')
    throw refuse('CHANGEOVER_ROLLOUT_UNKNOWN', { rollout: entry.rollout })
  return {
    id: entry.rollout,
    plan: entry.plan,
    startedAt: entry.at,
    lastEntry: entry,
    direction: 'forward',
    steps: entry.plan.steps,
    position: 0,
    stepStartedAt: undefined,
    instances: new Map(),
    counts: new Map(),
    served: 0,
    lost: [],
    launches: 0,
    intended: undefined,
    converged: undefined,
    verdicts: new Map(),
    approvals: new Map(),
    commands: new Set(),
    abort: undefined,
    outcome: undefined,
    failure: undefined,
  }
}

function foldInstance(state: RolloutState, entry: Entry): void {
  switch (entry.type) {
    case 'adopted':
      return adopt(state, entry)
    case 'launch-intended':
      state.launches += 1
      return add(state, newInstance(entry.id, entry.release, entry.at))
    case 'launched':
      return change(state, entry.instance.id, { phase: 'starting', instance: entry.instance })
    case 'ready':
      return change(state, entry.id, { phase: 'ready', readyAt: entry.at })
    case 'available':
      return change(state, entry.id, { phase: 'available' })
    case 'unready':
      return change(state, entry.id, { phase: 'starting', readyAt: undefined })
    case 'stop-intended':
      return change(state, entry.id, { phase: 'stopping' })
    case 'lost':
      return lose(state, entry)
    case 'stopped':
      return remove(state, entry.id)
    default:
  }
}

function adopt(state: RolloutState, entry: Extract<Entry, { type: 'adopted' }>): void {
  const { instance, ready } = entry
  add(state, {
    ...newInstance(instance.id, instance.release, entry.at),
    instance,
    phase: ready ? 'available' : 'starting',
    readyAt: ready ? entry.at : undefined,
  })
  const before = state.stepStartedAt === undefined && state.position === 0
  if (before && ready && instance.release === state.plan.from?.id) state.served += 1
}

function lose(state: RolloutState, { id, reason }: Extract<Entry, { type: 'lost' }>): void {
  const release = state.instances.get(id)?.release
  if (release === undefined) return
  state.lost = [...state.lost, { id, release, reason }]
  remove(state, id)
}

function newInstance(id: string, release: string, at: number): InstanceState {
  return {
    id,
    release,
    instance: undefined,
    phase: 'launching',
    launchedAt: at,
    readyAt: undefined,
  }
}

function add(state: RolloutState, instance: InstanceState): void {
  remove(state, instance.id)
  state.instances.set(instance.id, instance)
  count(state, instance, 1)
}

function change(state: RolloutState, id: string, to: Partial<InstanceState>): void {
  const known = state.instances.get(id)
  if (!known) return
  count(state, known, -1)
  Object.assign(known, to)
  count(state, known, 1)
}

function remove(state: RolloutState, id: string): void {
  const known = state.instances.get(id)
  if (known) count(state, known, -1)
  state.instances.delete(id)
}

function count({ counts }: RolloutState, { release, phase }: InstanceState, by: 1 | -1): void {
  const of = counts.get(release) ?? { running: 0, available: 0, stopping: 0 }
  counts.set(release, of)
  of.running += by
  if (phase === 'available') of.available += by
  if (phase === 'stopping') of.stopping += by
}

function foldRoutes(state: RolloutState, entry: Entry): void {
  if (entry.type === 'routes-intended') state.intended = entry
  if (entry.type === 'routes-converged' && state.intended?.revision === entry.revision) {
    state.converged = state.intended
  }
}

function foldProgress(state: RolloutState, entry: Entry): void {
  switch (entry.type) {
    case 'step-started':
      state.position = entry.index
      state.stepStartedAt = entry.at
      return
    case 'step-finished':
      state.position = entry.index + 1
      state.stepStartedAt = undefined
      return
    case 'judged':
      state.verdicts.set(entry.gate, entry.verdict)
      return
    case 'commanded':
      return foldCommand(state, entry)
    case 'turned-back':
      state.direction = 'back'
      state.lost = []
      state.steps = entry.steps
      state.position = 0
      state.stepStartedAt = undefined
      state.failure = { code: entry.code, reason: entry.reason }
      return
    case 'finished':
      state.outcome = entry.outcome
      if (entry.code) state.failure = { code: entry.code, reason: entry.reason ?? '' }
      return
    default:
  }
}

function foldCommand(state: RolloutState, entry: Extract<Entry, { type: 'commanded' }>): void {
  if (state.commands.has(entry.id)) return
  state.commands.add(entry.id)
  if (entry.command === 'abort') state.abort ??= { by: entry.by, reason: entry.reason ?? '' }
  if (entry.command === 'approve' && entry.gate) {
    const people = state.approvals.get(entry.gate) ?? new Set()
    state.approvals.set(entry.gate, people.add(entry.by))
  }
}
