import {
  type Entry,
  type EntryBody,
  foldJournal,
  type RolloutState,
  type Step,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldEntry } from '../src/fold-journal.ts'
import type { ReleaseCounts } from '../src/rollout-state.ts'
import { journalMaker } from './journal-maker.ts'
import { instanceOf, planOf } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const FORWARD: Step[] = [
  { step: 'bake', durationMs: 1_000 },
  { step: 'approve', gate: 'go', quorum: 2 },
]
const BACK: Step[] = [{ step: 'bake', durationMs: 5 }]

const id = fc.constantFrom('i1', 'i2', 'i3', 'i4')
const release = fc.constantFrom('old', 'new')
const gate = fc.constantFrom('go', 'stop')
const instance = fc.tuple(id, release).map(([id, release]) => instanceOf(id, release))
const revision = fc.nat(4)
const index = fc.nat(3)

const arbitraryBody: fc.Arbitrary<EntryBody> = fc.oneof(
  fc.record({ type: fc.constant('adopted' as const), instance, ready: fc.boolean() }),
  fc.record({ type: fc.constant('launch-intended' as const), id, release }),
  fc.record({ type: fc.constant('launched' as const), instance }),
  fc.record({ type: fc.constantFrom('ready' as const, 'available', 'stop-intended'), id }),
  fc.record({ type: fc.constantFrom('unready' as const, 'lost'), id, reason: fc.string() }),
  fc.record({ type: fc.constant('stopped' as const), id, graceful: fc.boolean() }),
  fc.record({ type: fc.constant('drained' as const), id, inFlight: fc.nat(3), forced: fc.nat(3) }),
  fc.record({ type: fc.constant('routes-intended' as const), revision, pools: fc.constant([]) }),
  fc.record({
    type: fc.constant('routes-converged' as const),
    revision,
    level: fc.constant('observed' as const),
    evidence: fc.string(),
  }),
  fc.record({
    type: fc.constant('step-started' as const),
    index,
    step: fc.constantFrom(...FORWARD),
  }),
  fc.record({ type: fc.constant('step-finished' as const), index }),
  fc.record({
    type: fc.constant('commanded' as const),
    command: fc.constantFrom('approve' as const, 'abort'),
    id: fc.constantFrom('c1', 'c2', 'c3'),
    by: fc.constantFrom('ann', 'bob'),
    gate,
    reason: fc.string(),
  }),
  fc.record({
    type: fc.constant('turned-back' as const),
    code: fc.constant('CHANGEOVER_ABORTED'),
    reason: fc.string(),
    steps: fc.constant(BACK),
  }),
  fc.record({ type: fc.constant('finished' as const), outcome: fc.constant('promoted' as const) }),
)
const journals = fc.array(arbitraryBody, { maxLength: 60 }).map(journalOf)

describe('whatever the journal says', () => {
  test('the same entries give the same state, however often they are folded', () => {
    fc.assert(
      fc.property(journals, (entries) => {
        const before = structuredClone(entries)
        const first = foldJournal(entries)
        expect(foldJournal(entries)).toStrictEqual(first)
        expect(entries).toStrictEqual(before)
        expect(foldJournal(structuredClone(entries))).toStrictEqual(first)
      }),
    )
  })

  test('going on from a prefix gives the state of the whole', () => {
    fc.assert(
      fc.property(journals, fc.nat(), (entries, at) => {
        const head = entries.slice(0, 1 + (at % entries.length))
        let state = foldJournal(head)
        for (const entry of entries.slice(head.length)) state = foldEntry(state, entry)
        expect(state).toStrictEqual(foldJournal(entries))
      }),
    )
  })

  test('the counts are always what the instances say, after every entry', () => {
    fc.assert(
      fc.property(journals, (entries) => {
        let state: RolloutState | undefined
        for (const entry of entries) {
          state = foldEntry(state, entry)
          expect(nonZero(state.counts)).toStrictEqual(countedAnew(state))
        }
      }),
    )
  })

  test('a command that is repeated under its id changes nothing, whoever says it', () => {
    fc.assert(
      fc.property(fc.array(arbitraryBody, { maxLength: 30 }), (bodies) => {
        const twice = bodies.flatMap((body): EntryBody[] =>
          body.type === 'commanded' ? [body, { ...body, by: 'eve' }] : [body],
        )
        const [once, repeated] = [foldJournal(journalOf(bodies)), foldJournal(journalOf(twice))]
        expect(repeated.approvals).toStrictEqual(once.approvals)
        expect(repeated.abort).toStrictEqual(once.abort)
      }),
    )
  })
})

describe('an instance', () => {
  test('goes from launching to available, and is no more when it has stopped', () => {
    const life: EntryBody[] = [
      { type: 'launch-intended', id: 'i1', release: 'new' },
      { type: 'launched', instance: instanceOf('i1') },
      { type: 'ready', id: 'i1' },
      { type: 'available', id: 'i1' },
      { type: 'stop-intended', id: 'i1' },
      { type: 'stopped', id: 'i1', graceful: true },
    ]
    const phases = life.map((_, n) => phaseOf(stateOf(...life.slice(0, n + 1)), 'i1'))
    expect(phases).toStrictEqual([
      'launching',
      'starting',
      'ready',
      'available',
      'stopping',
      undefined,
    ])
  })

  test('that is ready no more has to start again', () => {
    const state = stateOf(
      { type: 'adopted', instance: instanceOf('i1'), ready: true },
      { type: 'unready', id: 'i1', reason: '503' },
    )
    expect(state.instances.get('i1')).toMatchObject({ phase: 'starting', readyAt: undefined })
    expect(state.counts.get('new')).toStrictEqual({ running: 1, available: 0, stopping: 0 })
  })

  test('that was lost is kept by name and reason until the rollout turns back', () => {
    const lost: EntryBody[] = [
      { type: 'adopted', instance: instanceOf('i1'), ready: true },
      { type: 'lost', id: 'i1', reason: 'exit code 1' },
    ]
    const back: EntryBody = { type: 'turned-back', code: 'C', reason: 'r', steps: BACK }
    expect(stateOf(...lost).lost).toStrictEqual([
      { id: 'i1', release: 'new', reason: 'exit code 1' },
    ])
    expect(stateOf(...lost, back).lost).toStrictEqual([])
  })

  test('that the journal does not know changes nothing', () => {
    const state = stateOf(
      { type: 'ready', id: 'ghost' },
      { type: 'lost', id: 'ghost', reason: 'never was' },
      { type: 'stopped', id: 'ghost', graceful: true },
    )
    expect(state).toMatchObject({ instances: new Map(), lost: [], launches: 0 })
  })
})

describe('the progress of a rollout', () => {
  test('goes from step to step, and begins again with the steps that lead back', () => {
    const started: EntryBody = { type: 'step-started', index: 0, step: FORWARD[0]! }
    expect(stateOf(started)).toMatchObject({ position: 0, stepStartedAt: 1_000, steps: FORWARD })
    const finished: EntryBody = { type: 'step-finished', index: 0 }
    expect(stateOf(started, finished)).toMatchObject({ position: 1, stepStartedAt: undefined })
    const back: EntryBody = { type: 'turned-back', code: 'CODE', reason: 'why', steps: BACK }
    expect(stateOf(started, back)).toMatchObject({
      direction: 'back',
      position: 0,
      stepStartedAt: undefined,
      steps: BACK,
      failure: { code: 'CODE', reason: 'why' },
      outcome: undefined,
    })
  })

  test('keeps what the router was seen to follow apart from what was only intended', () => {
    const intended = (revision: number): EntryBody => ({
      type: 'routes-intended',
      revision,
      pools: [],
    })
    const converged = (revision: number): EntryBody => {
      return { type: 'routes-converged', revision, level: 'observed', evidence: 'seen' }
    }
    const state = stateOf(intended(1), converged(1), intended(2), converged(1))
    expect([state.intended?.revision, state.converged?.revision]).toStrictEqual([2, 1])
    expect(stateOf(intended(2), converged(2)).converged?.revision).toBe(2)
  })

  test('counts a person once at a gate, and keeps gates apart', () => {
    const approve = (id: string, by: string, gate: string): EntryBody => {
      return { type: 'commanded', command: 'approve', id, by, gate }
    }
    const { approvals } = stateOf(
      approve('c1', 'ann', 'go'),
      approve('c2', 'ann', 'go'),
      approve('c3', 'bob', 'go'),
      approve('c4', 'bob', 'stop'),
    )
    expect(approvals).toStrictEqual(
      new Map([
        ['go', new Set(['ann', 'bob'])],
        ['stop', new Set(['bob'])],
      ]),
    )
  })

  test('is aborted by the first who asked for it', () => {
    const abort = (id: string, by: string): EntryBody => {
      return { type: 'commanded', command: 'abort', id, by, reason: `${by} says so` }
    }
    const { abort: aborted } = stateOf(abort('c1', 'ann'), abort('c2', 'bob'))
    expect(aborted).toStrictEqual({ by: 'ann', reason: 'ann says so' })
  })

  test('ends with its outcome, and with what made it fail', () => {
    expect(stateOf({ type: 'finished', outcome: 'promoted' })).toMatchObject({
      outcome: 'promoted',
      failure: undefined,
    })
    const failed: EntryBody = {
      type: 'finished',
      outcome: 'failed-safe',
      code: 'CODE',
      reason: 'why',
    }
    expect(stateOf(failed).failure).toStrictEqual({ code: 'CODE', reason: 'why' })
  })
})

test('a journal that does not begin with the rollout itself is refused', () => {
  const stray = journalMaker('r1').next({ type: 'led', holder: 'e1' })
  expect(refusalOf(() => foldJournal([]))).toMatchObject({ code: 'CHANGEOVER_ROLLOUT_UNKNOWN' })
  expect(refusalOf(() => foldJournal([stray]))).toMatchObject({
    code: 'CHANGEOVER_ROLLOUT_UNKNOWN',
    details: { rollout: 'r1' },
  })
})

function journalOf(bodies: readonly EntryBody[]): Entry[] {
  const { next } = journalMaker('r1')
  return [{ type: 'created', plan: planOf(FORWARD, BACK) } as const, ...bodies].map(next)
}

function stateOf(...bodies: readonly EntryBody[]): RolloutState {
  return foldJournal(journalOf(bodies))
}

function phaseOf({ instances }: RolloutState, id: string): string | undefined {
  return instances.get(id)?.phase
}

function countedAnew({ instances }: RolloutState): Record<string, ReleaseCounts> {
  const counts: Record<string, ReleaseCounts> = {}
  for (const { release, phase } of instances.values()) {
    const of = (counts[release] ??= { running: 0, available: 0, stopping: 0 })
    of.running += 1
    of.available += Number(phase === 'available')
    of.stopping += Number(phase === 'stopping')
  }
  return counts
}

/** Releases none of whose instances runs any more may be left in the counts. */
function nonZero(counts: ReadonlyMap<string, ReleaseCounts>): Record<string, ReleaseCounts> {
  const empty = JSON.stringify({ running: 0, available: 0, stopping: 0 })
  return Object.fromEntries([...counts].filter(([, of]) => JSON.stringify(of) !== empty))
}
