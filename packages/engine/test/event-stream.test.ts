import { type Entry, memoryStore, type Store } from '@changeover/engine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entryFeed } from '../src/event-stream.ts'
import { collect, journalMaker } from './journal-maker.ts'

test('whenever readers come, each gets every entry once and in order', async () => {
  const runs = fc.record({
    durable: fc.nat(5),
    live: fc.nat(15),
    readers: fc.array(fc.nat(40), { minLength: 1, maxLength: 4 }),
  })
  await fc.assert(
    fc.asyncProperty(runs, fc.infiniteStream(fc.nat(4)), async (run, delays) => {
      const pause = (): Promise<void> => ticks(delays.next().value)
      const { store, feed, append, publish } = await journal(run.durable)
      const slow = slowReads(store, pause)
      const readers = run.readers.map(async (late) => {
        await ticks(late)
        const seen: number[] = []
        for await (const { seq } of feed.read(slow, 'r1')) {
          seen.push(seq)
          await pause()
        }
        return seen
      })
      for (let n = 0; n < run.live; n += 1) {
        const entry = await append()
        await pause()
        publish(entry)
        await pause()
      }
      feed.end()
      const all = Array.from({ length: 1 + run.durable + run.live }, (_, seq) => seq)
      for (const seen of await Promise.all(readers)) expect(seen).toStrictEqual(all)
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

test('an abort ends a reader that waits, and no other', async () => {
  const { store, feed, append, publish } = await journal(0)
  const controller = new AbortController()
  const aborted = collect(feed.read(store, 'r1', controller.signal))
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
  for await (const { seq } of feed.read(store, 'r1', controller.signal)) {
    seen.push(seq)
    if (seq === 2) controller.abort()
  }
  expect(seen).toStrictEqual([0, 1, 2])
})

test('an abort beforehand gives a reader nothing', async () => {
  const { store, feed } = await journal(3)
  expect(await collect(feed.read(store, 'r1', AbortSignal.abort()))).toStrictEqual([])
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
