import {
  chainProblem,
  type Entry,
  type EntryBody,
  memoryStore,
  type Store,
} from '@changeover/engine'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { type JournalWriter, journalWriter } from '../src/journal-writer.ts'
import { collect, journalMaker } from './journal-maker.ts'

test('what is recorded while an append is under way goes together into the next one, in order', async () => {
  const { writer, appends } = await openWriter()
  const all = [writer.record([note('a')]), writer.record([note('b')])]
  await turn()
  all.push(
    writer.record([note('c')]),
    writer.record([note('d'), note('e')]),
    writer.record([note('f')]),
  )
  await turn()
  expect(appends.map(messagesOf)).toStrictEqual([['a', 'b']])
  appends[0]!.finish()
  await turn()
  expect(appends.map(messagesOf)).toStrictEqual([
    ['a', 'b'],
    ['c', 'd', 'e', 'f'],
  ])
  appends[1]!.finish()
  await Promise.all(all)
})

test('a record resolves only when its entries are durable and have been seen', async () => {
  const { writer, appends, seen } = await openWriter()
  let resolved = false
  const recording = writer.record([note('a')]).then(() => (resolved = true))
  await turn()
  expect([resolved, seen.length]).toStrictEqual([false, 0])
  appends[0]!.finish()
  await recording
  expect(seen.map(({ seq }) => seq)).toStrictEqual([1])
})

test('entries go on from the last one of the journal, in one chain, stamped with time and fence', async () => {
  const { writer, store, first } = await openWriter({ immediate: true })
  await writer.record([note('a'), note('b')])
  await writer.record([note('c')])
  const entries = await collect(store.read('r1'))
  expect(entries[0]).toStrictEqual(JSON.parse(JSON.stringify(first)))
  expect(entries.slice(1)).toMatchObject([
    { seq: 1, at: 77, fence: 5, message: 'a' },
    { seq: 2, message: 'b' },
    { seq: 3, message: 'c' },
  ])
  const problems = entries.map((entry, n) => chainProblem(entry, entries[n - 1]))
  expect(problems).toStrictEqual([undefined, undefined, undefined, undefined])
})

test('however calls and appends interleave, nothing is lost, doubled or reordered', async () => {
  const pauses = fc.array(
    fc.record({ entries: fc.integer({ min: 0, max: 3 }), turns: fc.nat(2) }),
    {
      minLength: 1,
      maxLength: 25,
    },
  )
  await fc.assert(
    fc.asyncProperty(pauses, fc.infiniteStream(fc.nat(3)), async (calls, delays) => {
      const { writer, store, seen } = await openWriter({
        immediate: true,
        before: () => turns(delays.next().value),
      })
      let count = 0
      const recorded: Promise<void>[] = []
      for (const call of calls) {
        const bodies = Array.from({ length: call.entries }, () => note(String((count += 1))))
        recorded.push(writer.record(bodies))
        await turns(call.turns)
      }
      await Promise.all(recorded)
      const expected = Array.from({ length: count }, (_, n) => String(n + 1))
      expect(messagesOf({ entries: (await collect(store.read('r1'))).slice(1) })).toStrictEqual(
        expected,
      )
      expect(messagesOf({ entries: seen })).toStrictEqual(expected)
    }),
    { numRuns: 100 },
  )
})

test('a failed append fails everything that waits for it and all that comes after, and is told once', async () => {
  const { writer, appends, seen, onFailure } = await openWriter()
  const first = writer.record([note('a')])
  await turn()
  const second = writer.record([note('b')])
  const all = Promise.allSettled([first, second])
  const failure = new Error('disk full')
  appends[0]!.fail(failure)
  const outcome = await all
  const later = await Promise.allSettled([writer.record([note('c')]), writer.record([note('d')])])
  const failed = { status: 'rejected', reason: failure }
  expect([...outcome, ...later]).toStrictEqual([failed, failed, failed, failed])
  await turn()
  expect(onFailure.mock.calls).toStrictEqual([[failure]])
  expect([appends.length, seen.length]).toStrictEqual([1, 0])
})

test('a failure while nothing waits is told once too, and later records fail alike', async () => {
  const { writer, appends, onFailure } = await openWriter()
  const first = writer.record([note('a')])
  await turn()
  appends[0]!.fail(new Error('conflict'))
  await expect(first).rejects.toThrow('conflict')
  await expect(writer.record([note('b')])).rejects.toThrow('conflict')
  await expect(writer.record([note('c')])).rejects.toThrow('conflict')
  expect(onFailure).toHaveBeenCalledTimes(1)
  expect(appends).toHaveLength(1)
})

test('recording nothing appends nothing', async () => {
  const { writer, appends } = await openWriter()
  await writer.record([])
  await turn()
  expect(appends).toHaveLength(0)
})

interface Append {
  readonly entries: readonly Entry[]
  readonly finish: () => void
  readonly fail: (error: Error) => void
}

interface OpenWriter {
  readonly writer: JournalWriter
  readonly store: Store
  readonly first: Entry
  readonly appends: Append[]
  readonly seen: Entry[]
  readonly onFailure: ReturnType<typeof vi.fn<(error: unknown) => void>>
}

/** A writer whose appends wait for the test, or with `immediate` only for `before`. */
async function openWriter(
  options: { immediate?: boolean; before?: () => Promise<void> } = {},
): Promise<OpenWriter> {
  const { immediate = false, before = () => Promise.resolve() } = options
  const inner = memoryStore()
  const first = journalMaker('r1').created()
  await inner.append('r1', 0, [first])
  const appends: Append[] = []
  const store: Store = {
    ...inner,
    async append(rollout, seq, entries) {
      await before()
      if (!immediate) {
        await new Promise<void>((finish, fail) => {
          appends.push({ entries, finish, fail })
        })
      }
      await inner.append(rollout, seq, entries)
    },
  }
  const seen: Entry[] = []
  const onFailure = vi.fn<(error: unknown) => void>()
  const writer = journalWriter({
    store,
    clock: { now: () => 77, sleep: () => Promise.resolve() },
    rollout: 'r1',
    fence: 5,
    last: first,
    onEntry: (entry) => seen.push(entry),
    onFailure,
  })
  return { writer, store, first, appends, seen, onFailure }
}

function note(message: string): EntryBody {
  return { type: 'noticed', message }
}

function messagesOf({ entries }: { readonly entries: readonly Entry[] }): (string | undefined)[] {
  return entries.map((entry) => (entry.type === 'noticed' ? entry.message : undefined))
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await Promise.resolve()
}
