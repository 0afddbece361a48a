import assert from 'node:assert/strict'
import { type Command, refuse, type Store, type StoreChange } from '@changeover/engine'
import { patience } from './case-patience.ts'
import { refused } from './case-refusal.ts'
import { journalMaker } from './journal-maker.ts'
import type { StoreCase } from './store-subject.ts'

const LONG_MS = 600_000
const SHORT_MS = 50
const pause: Command = { command: 'pause', id: 'c1', by: 'ada', reason: 'lunch' }

type Shared = Store & Required<Pick<Store, 'watch' | 'send' | 'receive'>>

/** What a store must do that engines share; one without `watch`, `send` and `receive` has nothing to show here. */
export const sharedCases: readonly StoreCase[] = [
  shared('whoever watches is told of what was appended, until it has enough', async (store) => {
    const { created, next } = journalMaker('r1')
    const told: StoreChange[] = []
    const { until, listener } = bell(told)
    const unwatch = store.watch(listener)
    await store.append('r1', 0, [created(), next({ type: 'led', holder: 'engine-1' })])
    await until(() => told.some(({ seq }) => seq === 1))
    assert.ok(told.every((one) => one.rollout === 'r1' && one.service === 'shop'))
    unwatch()
    const before = told.length
    await store.append('r1', 2, [next({ type: 'ready', id: 'a-1' })])
    await store.rollouts()
    assert.equal(told.length, before)
  }),
  shared('a command reaches the engine that leads, as it was sent', async (store) => {
    await lead(store)
    const taken: [string, Command][] = []
    const stop = store.receive(async (rollout, command) => taken.push([rollout, command]) > 0)
    await store.send('r1', pause, { deadline: LONG_MS })
    stop()
    assert.deepEqual(taken, [['r1', pause]])
  }),
  shared('a command id is taken once, however often it is sent', async (store) => {
    await lead(store)
    let taken = 0
    const stop = store.receive(async () => (taken += 1) > 0)
    const options = { deadline: LONG_MS }
    await Promise.all([store.send('r1', pause, options), store.send('r1', pause, options)])
    await store.send('r1', pause, options)
    stop()
    assert.equal(taken, 1)
  }),
  shared('whoever sent a command is told what it was refused with', async (store) => {
    await lead(store)
    const details = { rollout: 'r1', gate: 'no', gates: ['go'] }
    const stop = store.receive(() => Promise.reject(refuse('CHANGEOVER_GATE_UNKNOWN', details)))
    const sent = store.send('r1', pause, { deadline: LONG_MS })
    assert.deepEqual(await refused('CHANGEOVER_GATE_UNKNOWN', sent), details)
    stop()
  }),
  shared('a command that nobody took by its deadline is taken by nobody later', async (store) => {
    await lead(store)
    const stopDeclining = store.receive(async () => false)
    const sent = store.send('r1', pause, { deadline: SHORT_MS })
    await refused('CHANGEOVER_COMMAND_REFUSED', sent)
    stopDeclining()
    const taken: string[] = []
    const stop = store.receive(async (_, { id }) => taken.push(id) > 0)
    await store.send('r1', { ...pause, id: 'c2' }, { deadline: LONG_MS })
    stop()
    assert.deepEqual(taken, ['c2'])
  }),
  shared('a command waits for the engine that leads next', async (store) => {
    const fence = await lead(store)
    const sent = store.send('r1', pause, { deadline: LONG_MS })
    const taken: string[] = []
    const stop = store.receive(async (_, { id }) => taken.push(id) > 0)
    const { created, next } = journalMaker('r1', { fence })
    created()
    await store.append('r1', 1, [next({ type: 'led', holder: 'engine-1' })])
    await sent
    stop()
    assert.deepEqual(taken, ['c1'])
  }),
]

function shared(sentence: string, check: (store: Shared) => Promise<void>): StoreCase {
  return [
    sentence,
    async ({ store }) => {
      if (isShared(store)) await patience('10s').soon('what was sent or appended', check(store))
    },
  ]
}

function isShared(store: Store): store is Shared {
  const there = (['watch', 'send', 'receive'] as const).filter((call) => store[call] !== undefined)
  assert.ok([0, 3].includes(there.length), 'watch, send and receive come together')
  return there.length > 0
}

/** `engine-1` leads `r1`. */
async function lead(store: Store): Promise<number> {
  const { fence } = await store.lease('shop', 'engine-1', LONG_MS)
  await store.append('r1', 0, [journalMaker('r1', { fence }).created()])
  return fence
}

function bell(told: StoreChange[]): {
  readonly listener: (change: StoreChange) => void
  readonly until: (isThere: () => boolean) => Promise<void>
} {
  let ring: (() => void) | undefined
  return {
    listener(change) {
      told.push(change)
      ring?.()
    },
    async until(isThere) {
      while (!isThere())
        await new Promise<void>((resolve) => {
          ring = resolve
        })
    },
  }
}
