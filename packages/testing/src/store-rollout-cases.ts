import assert from 'node:assert/strict'
import type { RolloutFilter, Store } from '@changeover/engine'
import { journalMaker } from './journal-maker.ts'
import type { StoreCase } from './store-subject.ts'

/** What the list of rollouts must do. */
export const rolloutCases: readonly StoreCase[] = [
  [
    'a store without journals lists no rollout',
    async ({ store }) => {
      assert.deepEqual(await store.rollouts(), [])
    },
  ],
  [
    'a rollout under way is listed without an outcome',
    async ({ store }) => {
      await start(store, 'r1', 'shop', 5)
      const [rollout, ...others] = await store.rollouts()
      assert.deepEqual(others, [])
      assert.deepEqual(rollout, {
        id: 'r1',
        service: 'shop',
        from: undefined,
        to: { id: 'b', version: '2.0.0', spec: { command: ['node', 'server.js'] } },
        replicas: 2,
        startedAt: 5,
        finishedAt: undefined,
        outcome: undefined,
      })
    },
  ],
  [
    'a finished rollout is listed with its outcome and its end',
    async ({ store }) => {
      await finish(store, 'r1', 'shop', 5)
      const [rollout] = await store.rollouts()
      assert.equal(rollout?.outcome, 'rolled-back')
      assert.equal(rollout.finishedAt, 5)
    },
  ],
  [
    'rollouts are listed oldest first, those of one instant by id',
    async ({ store }) => {
      await start(store, 'a', 'shop', 30)
      await start(store, 'd', 'shop', 20)
      await start(store, 'c', 'shop', 20)
      await start(store, 'b', 'shop', 10)
      assert.deepEqual(await ids(store), ['b', 'c', 'd', 'a'])
    },
  ],
  [
    'rollouts are listed by service, and by whether they are under way',
    async ({ store }) => {
      await start(store, 'r1', 'shop', 1)
      await finish(store, 'r2', 'shop', 2)
      await start(store, 'r3', 'mail', 3)
      await finish(store, 'r4', 'mail', 4)
      assert.deepEqual(await ids(store, { service: 'shop' }), ['r1', 'r2'])
      assert.deepEqual(await ids(store, { open: true }), ['r1', 'r3'])
      assert.deepEqual(await ids(store, { open: false }), ['r2', 'r4'])
      assert.deepEqual(await ids(store, { service: 'mail', open: true }), ['r3'])
      assert.deepEqual(await ids(store, { service: 'nobody' }), [])
    },
  ],
  [
    'the list of rollouts survives a reopening',
    async ({ store, reopen }) => {
      if (reopen === undefined) return
      await start(store, 'r1', 'shop', 1)
      await finish(store, 'r2', 'shop', 2)
      const reopened = await reopen()
      assert.deepEqual(await ids(reopened, { open: true }), ['r1'])
      assert.deepEqual(await ids(reopened, { open: false }), ['r2'])
    },
  ],
]

async function start(store: Store, id: string, service: string, at: number): Promise<void> {
  await store.append(id, 0, [journalMaker(id, { at }).created(service)])
}

async function finish(store: Store, id: string, service: string, at: number): Promise<void> {
  const { created, next } = journalMaker(id, { at })
  await store.append(id, 0, [created(service)])
  await store.append(id, 1, [next({ type: 'finished', outcome: 'rolled-back' })])
}

async function ids(store: Store, filter?: RolloutFilter): Promise<string[]> {
  return (await store.rollouts(filter)).map(({ id }) => id)
}
