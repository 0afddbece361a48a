import {
  createEngine,
  type EntryBody,
  memoryFleet,
  type MemoryFleetOptions,
  memoryRouter,
  memoryStore,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { expect, test } from 'vitest'
import { collect, journalMaker } from './journal-maker.ts'
import { instanceOf, NEW, planOf } from './plan-maker.ts'

const READY = { minReadyMs: 0, readyWithinMs: 60_000 }
const LAUNCH = { step: 'launch', release: 'new', instances: 2, ...READY } as const
const SHIFT = { step: 'shift', weights: { new: 10_000 } } as const

test('a launch that was intended when the engine crashed is made up for, under the same id', async () => {
  const stage = await crashed({ type: 'launch-intended', id: 'r1.1', release: 'new' })
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
  expect(await stage.running()).toStrictEqual(['r1.1', 'r1.2'])
  expect(await stage.journaled('lost')).toStrictEqual([])
})

test('a launch that had gone through is not made twice', async () => {
  const stage = await crashed({ type: 'launch-intended', id: 'r1.1', release: 'new' })
  await stage.fleet.launch({ id: 'r1.1', service: 'shop', release: NEW, fence: 1 })
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
  expect(await stage.journaled('launched')).toHaveLength(2)
  expect(await stage.running()).toStrictEqual(['r1.1', 'r1.2'])
})

test('an instance that was launched and is gone is lost, and another one takes its place', async () => {
  const stage = await crashed(
    { type: 'launch-intended', id: 'r1.1', release: 'new' },
    { type: 'launched', instance: instanceOf('r1.1') },
  )
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
  expect(await stage.journaled('lost')).toMatchObject([
    { id: 'r1.1', reason: 'it was not running when the engine looked' },
  ])
  expect(await stage.running()).toStrictEqual(['r1.2', 'r1.3'])
})

test('an instance that was to stop and is gone has stopped', async () => {
  const stage = await crashed(
    { type: 'launch-intended', id: 'r1.1', release: 'new' },
    { type: 'launched', instance: instanceOf('r1.1') },
    { type: 'stop-intended', id: 'r1.1' },
  )
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
  expect(await stage.journaled('stopped')).toMatchObject([{ id: 'r1.1', graceful: true }])
})

test('a table of the engine before is written anew, so that its last call, late, is refused', async () => {
  const stage = await crashed(
    { type: 'launch-intended', id: 'r1.1', release: 'new' },
    { type: 'launched', instance: instanceOf('r1.1') },
    { type: 'launch-intended', id: 'r1.2', release: 'new' },
    { type: 'launched', instance: instanceOf('r1.2') },
  )
  for (const id of ['r1.1', 'r1.2'])
    await stage.fleet.launch({ id, service: 'shop', release: NEW, fence: 0 })
  const instances = [instanceOf('r1.1'), instanceOf('r1.2')]
  const pools = [{ release: 'new', weight: 10_000, instances }]
  await stage.router.apply({ service: 'shop', revision: 1, fence: 0, pools })
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
  const late = { service: 'shop', revision: 9, fence: 0, pools: [] }
  expect(await stage.router.apply(late)).toMatchObject({ outcome: 'rejected' })
})

test('time that passed between an intent and its launch is not taken from the instance', async () => {
  const slow = { readyAfterMs: () => 1_000 }
  const stage = await crashedOn(slow, { type: 'launch-intended', id: 'r1.1', release: 'new' })
  await stage.clock.run(stage.clock.sleep(2 * READY.readyWithinMs))
  expect(await stage.resume()).toMatchObject({ outcome: 'promoted' })
})

/** A rollout whose engine crashed right after it had journaled these entries. */
function crashed(...bodies: readonly EntryBody[]) {
  return crashedOn({}, ...bodies)
}

async function crashedOn(options: MemoryFleetOptions, ...bodies: readonly EntryBody[]) {
  const clock = virtualClock()
  const store = memoryStore({ clock })
  const fleet = memoryFleet({ clock, ...options })
  const router = memoryRouter({ clock })
  const plan = { ...planOf([LAUNCH, SHIFT]), from: undefined }
  const { next } = journalMaker('r1')
  const started: EntryBody = { type: 'step-started', index: 0, step: LAUNCH }
  const entries = [{ type: 'created', plan } as const, started, ...bodies].map(next)
  await store.append('r1', 0, entries)
  const engine = createEngine({ router, fleet, store, clock })
  return {
    clock,
    fleet,
    router,
    resume: async () => {
      const [rollout] = await clock.run(engine.resume())
      return clock.run(rollout!.finished)
    },
    running: async () => (await fleet.list('shop')).map(({ id }) => id).toSorted(),
    journaled: async (type: EntryBody['type']) =>
      (await collect(store.read('r1'))).filter((entry) => entry.type === type),
  }
}
