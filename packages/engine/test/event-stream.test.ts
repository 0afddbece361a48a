import { type Entry, memoryStore, type Store } from '@changeover/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryFeed } from '../src/event-stream.ts'
import { collect, journalMaker } from './journal-maker.ts'
import { request, setStage } from './stage.ts'

test('whenever readers come, and whatever they have already, each gets every other entry once and in order', async () => {
  const runs = fc.record({
    durable: fc.nat(5),
    live: fc.nat(15),
    readers: fc.array(fc.record({ late: fc.nat(40), after: fc.integer({ min: -1, max: 25 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  await fc.assert(
    fc.asyncProperty(runs, fc.infiniteStream(fc.nat(4)), async (run, delays) => {
      const pause = (): Promise<void> => ticks(delays.next().value)
      const { store, feed, append, publish } = await journal(run.durable)
      const slow = slowReads(store, pause)
      const readers = run.readers.map(async ({ late, after }) => {
        await ticks(late)
        const seen: number[] = []
        for await (const { seq } of feed.read(slow, 'r1', { after })) {
          seen.push(seq)
          await pause()
        }
        return { after, seen }
      })
      for (let n = 0; n < run.live; n += 1) {
        const entry = await append()
        await pause()
        publish(entry)
        await pause()
      }
      feed.end()
      const all = Array.from({ length: 1 + run.durable + run.live }, (_, seq) => seq)
      for (const { after, seen } of await Promise.all(readers))
        expect(seen).toStrictEqual(all.slice(after + 1))
    }),
    { numRuns: 200 },
  )
})

test('a reader that has seen everything waits for the next entry, and ends with the feed', async () => {
  const { store, feed, append, publish } = await journal(0)
  const reader = feed.read(store, 'r1')
  expect((await reader.next()).value?.seq).toBe(0)
  const next = reader.next()
  publish(await append())
  expect((await next).value?.seq).toBe(1)
  const last = reader.next()
  feed.end()
  expect(await last).toStrictEqual({ done: true, value: undefined })
})

test('a feed that has ended still tells the whole journal', async () => {
  const { store, feed } = await journal(3)
  feed.end()
  expect(await collect(feed.read(store, 'r1'))).toHaveLength(4)
})

test('a reader that comes back for what it has not seen is served without the store', async () => {
  const { store, feed, append, publish } = await journal(0)
  for (let n = 0; n < 12_000; n += 1) publish(await append())
  const unreadable: Store = {
    ...store,
    read: () => {
      throw new Error('read')
    },
  }
  const back = feed.read(unreadable, 'r1', { after: 11_500 })
  publish(await append())
  feed.end()
  const seen = (await collect(back)).map(({ seq }) => seq)
  expect(seen).toStrictEqual(Array.from({ length: 501 }, (_, i) => 11_501 + i))
  expect(await collect(feed.read(store, 'r1', { after: 5 }))).toHaveLength(11_996)
})

test('an abort ends a reader that waits, and no other', async () => {
  const { store, feed, append, publish } = await journal(0)
  const controller = new AbortController()
  const aborted = collect(feed.read(store, 'r1', { signal: controller.signal }))
  const other = collect(feed.read(store, 'r1'))
  await turn()
  controller.abort()
  expect(await aborted).toHaveLength(1)
  publish(await append())
  feed.end()
  expect(await other).toHaveLength(2)
})

test('an abort ends a reader while it still reads the journal', async () => {
  const { store, feed } = await journal(50)
  const controller = new AbortController()
  const seen: number[] = []
  for await (const { seq } of feed.read(store, 'r1', { signal: controller.signal })) {
    seen.push(seq)
    if (seq === 2) controller.abort()
  }
  expect(seen).toStrictEqual([0, 1, 2])
})

test('an abort beforehand gives a reader nothing', async () => {
  const { store, feed } = await journal(3)
  expect(await collect(feed.read(store, 'r1', { signal: AbortSignal.abort() }))).toStrictEqual([])
})

test('a journal that cannot be read fails its reader, not the feed', async () => {
  const { store, feed } = await journal(0)
  const broken: Store = {
    ...store,
    async *read() {
      yield await Promise.reject<Entry>(new Error('unreadable'))
    },
  }
  await expect(collect(feed.read(broken, 'r1'))).rejects.toThrow('unreadable')
  feed.end()
  expect(await collect(feed.read(store, 'r1'))).toHaveLength(1)
})

/** A journal of one entry and `durable` more, and its feed. */
async function journal(durable: number) {
  const store = memoryStore()
  const feed = entryFeed()
  const { created, ready } = journalMaker('r1')
  await store.append('r1', 0, [created(), ...ready(durable)])
  let length = 1 + durable
  const append = async (): Promise<Entry> => {
    const [entry] = ready(1)
    await store.append('r1', length, [entry!])
    length += 1
    return entry!
  }
  return { store, feed, append, publish: (entry: Entry) => feed.publish(entry) }
}

function slowReads(store: Store, pause: () => Promise<void>): Store {
  return {
    ...store,
    async *read(rollout) {
      await pause()
      for await (const entry of store.read(rollout)) {
        await pause()
        yield entry
      }
      await pause()
    },
  }
}

async function ticks(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await Promise.resolve()
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

test('a hundred readers of a rollout of five hundred instances miss nothing, whenever they came', async () => {
  const stage = setStage()
  const rollout = await stage.clock.run(stage.engine.start(request('v1', { replicas: 500 })))
  const read = async (): Promise<number[]> =>
    (await collect(rollout.events())).map(({ seq }) => seq)
  const readers = Array.from({ length: 50 }, read)
  await stage.clock.advance(1_000)
  readers.push(...Array.from({ length: 50 }, read))
  await stage.clock.run(rollout.finished)
  const all = (await stage.entries(rollout.id)).map(({ seq }) => seq)
  expect(all.length).toBeGreaterThan(1_500)
  for (const seen of await Promise.all([...readers, read()])) expect(seen).toStrictEqual(all)
}, 30_000)
