import type { Entry } from './journal.ts'
import type { InstanceState, RolloutState } from './rollout-state.ts'

/** What an entry says of instances. */
export function foldInstance(state: RolloutState, entry: Entry): void {
  switch (entry.type) {
    case 'adopted':
      return adopt(state, entry)
    case 'launch-intended':
      state.launches += 1
      if (entry.insteadOf !== undefined) state.replaced.add(entry.insteadOf)
      return add(state, newInstance(entry.id, entry.release, entry.at))
    case 'launched':
      return change(state, entry.instance.id, {
        phase: 'starting',
        instance: entry.instance,
        // An engine that was away for a while between intent and launch takes no time from it.
        launchedAt: entry.at,
      })
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
}

function lose(state: RolloutState, { id, reason }: Extract<Entry, { type: 'lost' }>): void {
  const release = state.instances.get(id)?.release
  if (release === undefined) return
  state.lost.push({ id, release, reason })
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
