import { fileStore, memoryStore, type Store } from '@changeover/engine'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { journalMaker, temporaryFolder } from './journal-maker.ts'
import { setStage } from './stage.ts'

async function written(store: Store): Promise<void> {
  const journal = journalMaker('shop-1')
  const entries = [
    journal.created(),
    ...journal.ready(5),
    journal.next({ type: 'finished', outcome: 'promoted' }),
  ]
  await store.append('shop-1', 0, entries)
}

async function onDisk(): Promise<{ store: Store; path: string }> {
  const directory = await temporaryFolder()
  const store = fileStore({ directory })
  await written(store)
  return { store, path: join(directory, 'rollouts', 'shop-1.jsonl') }
}

describe('engine.verify', () => {
  test('counts the entries of a sound journal, in memory and on disk', async () => {
    const memory = memoryStore()
    await written(memory)
    const { store: disk } = await onDisk()
    for (const store of [memory, disk]) {
      expect(await setStage({ store }).engine.verify('shop-1')).toEqual({ ok: true, entries: 7 })
    }
  })

  test('names the entry and the offset where something was changed, and leaves it as it is', async () => {
    const { store, path } = await onDisk()
    const lines = (await readFile(path, 'utf8')).split('\n')
    lines[3] = lines[3]!.replace('"b-2"', '"b-7"')
    await writeFile(path, lines.join('\n'))
    const offset = lines.slice(0, 3).join('\n').length + 1
    expect(await setStage({ store }).engine.verify('shop-1')).toEqual({
      ok: false,
      seq: 3,
      offset,
      problem: expect.stringContaining('hash'),
    })
    expect(await readFile(path, 'utf8')).toBe(lines.join('\n'))
  })

  test('finds an entry that was taken out', async () => {
    const { store, path } = await onDisk()
    const lines = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, lines.filter((_, line) => line !== 2).join('\n'))
    expect(await setStage({ store }).engine.verify('shop-1')).toMatchObject({ ok: false, seq: 2 })
  })

  test('takes a torn end for what a crash leaves behind: it was never acknowledged', async () => {
    const { store, path } = await onDisk()
    await appendFile(path, '{"v":2,"rol')
    expect(await setStage({ store }).engine.verify('shop-1')).toEqual({ ok: true, entries: 7 })
  })

  test('finds a chain that a store did not check', async () => {
    const store = memoryStore()
    await written(store)
    const lying: Store = {
      ...store,
      async *read(rollout) {
        for await (const entry of store.read(rollout))
          yield entry.seq === 4 ? { ...entry, at: entry.at + 1 } : entry
      },
    }
    expect(await setStage({ store: lying }).engine.verify('shop-1')).toMatchObject({
      ok: false,
      seq: 4,
    })
  })

  test('finds entries that follow the end', async () => {
    const store = memoryStore()
    const journal = journalMaker('shop-1')
    const end = (): ReturnType<typeof journal.next> =>
      journal.next({ type: 'finished', outcome: 'promoted' })
    await store.append('shop-1', 0, [journal.created(), end(), end()])
    expect(await setStage({ store }).engine.verify('shop-1')).toMatchObject({ ok: false, seq: 2 })
  })

  test('refuses what nobody knows', async () => {
    await expect(setStage().engine.verify('nothing')).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_UNKNOWN',
    })
  })
})
