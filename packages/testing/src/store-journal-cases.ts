import assert from 'node:assert/strict'
import type { Entry, Store } from '@changeover/engine'
import { assertRefusal, refused } from './case-refusal.ts'
import { collect, journalMaker } from './journal-maker.ts'
import type { StoreCase } from './store-subject.ts'

const RACERS = 8

/** What a journal must do. */
export const journalCases: readonly StoreCase[] = [
  [
    'what was appended is read back, in order',
    async ({ store }) => {
      const { next, created } = journalMaker('r1')
      const first = [created(), next({ type: 'led', holder: 'engine-1' })]
      const second = [next({ type: 'ready', id: 'a-1' })]
      await store.append('r1', 0, first)
      await store.append('r1', 2, second)
      await assertHolds(store, 'r1', [...first, ...second])
    },
  ],
  [
    'an unknown rollout reads as empty',
    async ({ store }) => {
      assert.deepEqual(await collect(store.read('nobody')), [])
    },
  ],
  [
    'a journal can be read twice',
    async ({ store }) => {
      const { created } = journalMaker('r1')
      const entries = [created()]
      await store.append('r1', 0, entries)
      await assertHolds(store, 'r1', entries)
      await assertHolds(store, 'r1', entries)
    },
  ],
  [
    'journals of different rollouts do not mix',
    async ({ store }) => {
      const one = [journalMaker('r1').created()]
      const two = [journalMaker('r2').created()]
      await store.append('r1', 0, one)
      await store.append('r2', 0, two)
      await assertHolds(store, 'r1', one)
      await assertHolds(store, 'r2', two)
    },
  ],
  [
    'an append behind the end of the journal is refused and writes nothing',
    async ({ store }) => {
      const { next, created } = journalMaker('r1')
      const entries = [created(), next({ type: 'led', holder: 'engine-1' })]
      await store.append('r1', 0, entries)
      const late = journalMaker('r1').created('another service')
      await refused('CHANGEOVER_CONFLICT', store.append('r1', 0, [late]))
      await assertHolds(store, 'r1', entries)
    },
  ],
  [
    'an append that would leave a gap is refused and writes nothing',
    async ({ store }) => {
      const { next, created } = journalMaker('r1')
      const entries = [created()]
      await store.append('r1', 0, entries)
      next({ type: 'led', holder: 'engine-1' })
      const early = next({ type: 'ready', id: 'a-1' })
      await refused('CHANGEOVER_CONFLICT', store.append('r1', early.seq, [early]))
      await refused('CHANGEOVER_CONFLICT', store.append('r2', 1, [early]))
      await assertHolds(store, 'r1', entries)
      await assertHolds(store, 'r2', [])
    },
  ],
  [
    'of several racing appends exactly one wins, and the others are told of the conflict',
    async ({ store }) => {
      const { created, fork } = journalMaker('r1')
      const first = created()
      await store.append('r1', 0, [first])
      const rivals = Array.from({ length: RACERS }, (_, index) =>
        fork().next({ type: 'led', holder: `engine-${index}` }),
      )
      const results = await Promise.allSettled(
        rivals.map((rival) => store.append('r1', 1, [rival])),
      )
      const winners = rivals.filter((_, index) => results[index]?.status === 'fulfilled')
      assert.equal(winners.length, 1, 'exactly one append wins')
      for (const result of results) {
        if (result.status === 'rejected') assertRefusal('CHANGEOVER_CONFLICT', result.reason)
      }
      await assertHolds(store, 'r1', [first, ...winners])
    },
  ],
  [
    'an entry that breaks the chain is refused and writes nothing',
    async ({ store }) => {
      const { next, created } = journalMaker('r1')
      const entries = [created()]
      await store.append('r1', 0, entries)
      const forged = { ...next({ type: 'ready', id: 'a-1' }), fence: 99 }
      await assert.rejects(store.append('r1', 1, [forged]))
      await assertHolds(store, 'r1', entries)
    },
  ],
  [
    'what was acknowledged survives a reopening',
    async ({ store, reopen }) => {
      if (reopen === undefined) return
      const { next, created } = journalMaker('r1')
      const entries = [created(), next({ type: 'led', holder: 'engine-1' })]
      await store.append('r1', 0, entries)
      const reopened = await reopen()
      await assertHolds(reopened, 'r1', entries)
      await refused('CHANGEOVER_CONFLICT', reopened.append('r1', 0, [journalMaker('r1').created()]))
      const more = next({ type: 'ready', id: 'a-1' })
      await reopened.append('r1', 2, [more])
      await assertHolds(reopened, 'r1', [...entries, more])
    },
  ],
]

async function assertHolds(
  store: Store,
  rollout: string,
  expected: readonly Entry[],
): Promise<void> {
  const found = await collect(store.read(rollout))
  assert.deepEqual(found, asJson(expected), `the journal of ${rollout} holds what was acknowledged`)
}

/** As any store gives it back: without the fields that are undefined. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
