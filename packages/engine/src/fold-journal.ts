import { refuse } from './changeover-error.ts'
import { foldInstance } from './fold-instance.ts'
import type { Entry } from './journal.ts'
import type { RolloutState } from './rollout-state.ts'

/** Who pauses where the plan's window does. */
const WINDOW = 'the window'

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
    by: entry.by,
    startedAt: entry.at,
    lastEntry: entry,
    direction: 'forward',
    steps: entry.plan.steps,
    position: 0,
    stepStartedAt: undefined,
    instances: new Map(),
    counts: new Map(),
    lost: [],
    replaced: new Set(),
    launches: 0,
    intended: undefined,
    converged: undefined,
    mark: undefined,
    verdicts: new Map(),
    approvals: new Map(),
    commands: new Set(),
    refusals: 0,
    abort: undefined,
    paused: undefined,
    closed: false,
    pausedMs: 0,
    promote: undefined,
    held: new Set(),
    target: undefined,
    outcome: undefined,
    failure: undefined,
  }
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
      state.pausedMs = 0
      state.mark = undefined
      if (entry.step.step === 'shift') state.target = entry.step
      return
    case 'step-finished':
      state.position = entry.index + 1
      state.stepStartedAt = undefined
      return
    case 'counting':
      state.mark = entry.mark
      return
    case 'judged':
      state.verdicts.set(entry.gate, entry.verdict)
      return
    case 'commanded':
      return foldCommand(state, entry)
    case 'refused':
      state.refusals += 1
      return
    case 'held':
      state.held.add(entry.gate)
      state.paused ??= { since: entry.at, by: `gate ${entry.gate}` }
      return
    case 'closed':
      state.closed = true
      state.paused ??= { since: entry.at, by: WINDOW }
      return
    case 'opened':
      state.closed = false
      if (state.paused?.by === WINDOW) goOn(state, entry.at)
      return
    case 'turned-back':
      state.direction = 'back'
      state.closed = false
      state.paused = undefined
      state.target = undefined
      state.lost = []
      state.replaced.clear()
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
  const { by, reason = '', gate } = entry
  switch (entry.command) {
    case 'approve':
      if (gate !== undefined) state.approvals.set(gate, approversOf(state, gate).add(by))
      return
    case 'pause':
      // A rollout on its way back is never held up.
      if (state.direction === 'forward') pause(state, entry.at, by)
      return
    case 'resume':
      return goOn(state, entry.at)
    case 'promote':
      state.promote ??= { by }
      state.closed = false
      return goOn(state, entry.at)
    case 'abort':
    case 'rollback':
      state.abort ??= { by, reason }
  }
}

/** A person's pause outlasts that of the window. */
function pause(state: RolloutState, at: number, by: string): void {
  if (!state.paused || state.paused.by === WINDOW)
    state.paused = { since: state.paused?.since ?? at, by }
}

function approversOf({ approvals }: RolloutState, gate: string): Set<string> {
  return approvals.get(gate) ?? new Set()
}

function goOn(state: RolloutState, at: number): void {
  if (!state.paused) return
  // Engines' clocks may disagree; time that was paused never counts as less than nothing.
  state.pausedMs += Math.max(0, at - state.paused.since)
  prolong(state, state.paused.since, at)
  state.paused = undefined
  if (state.held.size === 0) return
  // A gate that held is tried anew, with all of its time.
  state.held.clear()
  state.stepStartedAt = at
  state.pausedMs = 0
  state.mark = undefined
}

/** Instances that are still coming up keep the time that they had when the rollout was paused. */
function prolong(state: RolloutState, since: number, at: number): void {
  for (const instance of state.instances.values()) {
    if (instance.phase === 'available' || instance.phase === 'stopping') continue
    instance.launchedAt += Math.max(0, at - Math.max(since, instance.launchedAt))
  }
}
