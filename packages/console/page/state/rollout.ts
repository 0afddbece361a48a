import type { Entry, JudgeLook, RolloutOutcome } from '@changeover/engine'
import type { RolloutEventMap, RolloutView, TrafficView } from '../../src/api/index.ts'
import { foldInstances, type Instances } from './instances.ts'
import { addTraffic, noTraffic, type Traffic } from './traffic.ts'
import { foldWeights, noWeights, type Weights } from './weights.ts'

/** One event of a rollout's stream. */
export type RolloutEvent = {
  readonly [Type in keyof RolloutEventMap]: {
    readonly type: Type
    readonly data: RolloutEventMap[Type]
  }
}[keyof RolloutEventMap]

/** All that the page knows of a rollout. */
export interface RolloutState {
  readonly view: RolloutView | undefined
  /** Without gaps, in order, none twice. */
  readonly entries: readonly Entry[]
  readonly instances: Instances
  readonly weights: Weights
  readonly traffic: Traffic
  /** The last look of each judge, by gate. */
  readonly looks: Readonly<Record<string, JudgeLook>>
  readonly ended: RolloutOutcome | undefined
}

export const unknownRollout: RolloutState = {
  view: undefined,
  entries: [],
  instances: new Map(),
  weights: noWeights,
  traffic: noTraffic,
  looks: {},
  ended: undefined,
}

/** Number of the last entry; what a new stream is to go on after. */
export function lastSeq(state: RolloutState): number | undefined {
  return state.entries.at(-1)?.seq
}

/** The rollout after these events. What is known already changes nothing. */
export function foldRollout(state: RolloutState, events: readonly RolloutEvent[]): RolloutState {
  const entries = newEntries(state, events)
  const next =
    entries.length === 0
      ? state
      : {
          ...state,
          entries: [...state.entries, ...entries],
          instances: foldInstances(state.instances, entries),
          weights: entries.reduce(foldWeights, state.weights),
        }
  return events.reduce(foldOther, next)
}

function newEntries(state: RolloutState, events: readonly RolloutEvent[]): readonly Entry[] {
  let last = lastSeq(state) ?? -1
  return events.flatMap((event) => {
    if (event.type !== 'entry' || event.data.seq <= last) return []
    last = event.data.seq
    return [event.data]
  })
}

function foldOther(state: RolloutState, event: RolloutEvent): RolloutState {
  switch (event.type) {
    case 'entry':
      return state
    case 'view':
      return withView(state, event.data)
    case 'traffic':
      return withTraffic(state, event.data)
    case 'look':
      return { ...state, looks: { ...state.looks, [event.data.gate]: event.data } }
    case 'end':
      return { ...state, ended: event.data.outcome }
  }
}

/** An answer to a question asked earlier may come after what was told since. */
function withView(state: RolloutState, view: RolloutView): RolloutState {
  return view.seq < (state.view?.seq ?? -1) ? state : { ...state, view }
}

function withTraffic(state: RolloutState, sample: TrafficView): RolloutState {
  return { ...state, traffic: addTraffic(state.traffic, sample) }
}
