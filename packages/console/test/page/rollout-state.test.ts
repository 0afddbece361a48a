import type { Entry } from '@changeover/engine'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupInstances } from '../../page/state/instances.ts'
import {
  foldRollout,
  lastSeq,
  type RolloutEvent,
  unknownRollout,
} from '../../page/state/rollout.ts'
import { instance, journal, rolloutView } from './views.ts'

const entries = journal(
  { type: 'adopted', instance: instance('a', 'v1'), ready: true },
  { type: 'launch-intended', id: 'b', release: 'v2' },
  { type: 'launched', instance: instance('b') },
  { type: 'ready', id: 'b' },
  { type: 'available', id: 'b' },
  { type: 'routes-intended', revision: 2, pools: [pool('v2', 2500), pool('v1', 7500)] },
  { type: 'routes-converged', revision: 2, level: 'observed', evidence: 'seen' },
  { type: 'stop-intended', id: 'a' },
)

describe("The page's rollout", () => {
  it('holds every entry once and in order, whatever a connection that was lost repeats', () => {
    const cuts = fc.array(fc.tuple(fc.nat(entries.length), fc.nat(entries.length)))
    fc.assert(
      fc.property(cuts, (ranges) => {
        // A stream never leaves anything out: each connection begins at or before what is known.
        let state = unknownRollout
        for (const [from, to] of ranges) {
          const known = (lastSeq(state) ?? -1) + 1
          state = foldRollout(state, events(entries.slice(Math.min(from, known), to)))
          expect(state.entries).toEqual(entries.slice(0, state.entries.length))
        }
        state = foldRollout(state, events(entries))
        expect(state.entries).toEqual(entries)
      }),
    )
  })

  it('comes to the same, in one batch or in many', () => {
    const atOnce = foldRollout(unknownRollout, events(entries))
    const oneByOne = events(entries).reduce(
      (state, event) => foldRollout(state, [event]),
      unknownRollout,
    )
    expect(oneByOne).toEqual(atOnce)
  })

  it('follows instances through their phases, and drops those that ended', () => {
    const state = foldRollout(unknownRollout, events(entries))
    expect([...state.instances.values()].map(({ id, phase }) => [id, phase])).toEqual([
      ['a', 'stopping'],
      ['b', 'available'],
    ])
    const groups = groupInstances(state.instances, ['v2', 'v1'])
    expect(groups.map(({ release, total }) => [release, total])).toEqual([
      ['v2', 1],
      ['v1', 1],
    ])
  })

  it('counts weights from when the router was seen to follow them', () => {
    const before = foldRollout(unknownRollout, events(entries.slice(0, 7)))
    expect(before.weights.points).toEqual([])
    const after = foldRollout(before, events(entries))
    expect(after.weights.points).toEqual([{ at: 7_000, weights: { v2: 2500, v1: 7500 } }])
  })

  it('does not go back to an older view that comes late', () => {
    const newer = { type: 'view', data: rolloutView({ seq: 9, status: 'paused' }) } as const
    const older = { type: 'view', data: rolloutView({ seq: 8 }) } as const
    expect(foldRollout(unknownRollout, [newer, older]).view?.status).toBe('paused')
  })
})

function events(some: readonly Entry[]): readonly RolloutEvent[] {
  return some.map((data) => ({ type: 'entry', data }))
}

function pool(release: string, weight: number) {
  return { release, weight, instances: 1 }
}
