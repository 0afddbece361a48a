import {
  createEngine,
  type Entry,
  fileStore,
  foldJournal,
  memoryFleet,
  memoryRouter,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './journal-maker.ts'
import { release } from './stage.ts'

const FIXTURES = join(import.meta.dirname, 'fixtures')

/** Journals as the first version of the format had them: a promoted rollout, an aborted one, and one under way. */
async function firstVersion() {
  const directory = await temporaryFolder()
  await mkdir(join(directory, 'rollouts'))
  for (const id of ['shop-1', 'shop-2', 'shop-5'])
    await copyFile(join(FIXTURES, `v1-${id}.jsonl`), join(directory, 'rollouts', `${id}.jsonl`))
  const clock = virtualClock(1_750_000_100_000)
  const store = fileStore({ directory, clock })
  // The folder of leases holds what was granted so far.
  for (const holder of ['a', 'b', 'c'])
    await store.release(await store.lease('shop', holder, 1_000))
  const fleet = memoryFleet({ clock })
  const engine = createEngine({ store, clock, fleet, router: memoryRouter({ clock }) })
  return { store, engine, clock, fleet }
}

async function entriesOf(store: { read: (id: string) => AsyncIterable<Entry> }, id: string) {
  const entries: Entry[] = []
  for await (const entry of store.read(id)) entries.push(entry)
  return entries
}

describe('a journal of the first version', () => {
  test('is read, verified and folded', async () => {
    const { store, engine } = await firstVersion()
    for (const [id, outcome] of [
      ['shop-1', 'promoted'],
      ['shop-2', 'rolled-back'],
      ['shop-5', undefined],
    ] as const) {
      const entries = await entriesOf(store, id)
      expect(entries[0]?.v).toBe(1)
      expect(await engine.verify(id)).toEqual({ ok: true, entries: entries.length })
      expect(foldJournal(entries).outcome).toBe(outcome)
    }
  })

  test('tells who approved, who aborted, and where a rollout under way stands', async () => {
    const { store } = await firstVersion()
    const aborted = foldJournal(await entriesOf(store, 'shop-2'))
    expect(aborted).toMatchObject({ direction: 'back', abort: { by: 'eve', reason: 'no' } })
    expect(aborted.approvals.get('go')).toEqual(new Set(['bob']))
    const open = foldJournal(await entriesOf(store, 'shop-5'))
    expect(open).toMatchObject({
      direction: 'forward',
      position: 2,
      paused: undefined,
      closed: false,
    })
    expect(open.counts.get('r3')).toMatchObject({ running: 2, available: 2 })
  })

  test('tells the current release', async () => {
    const { engine } = await firstVersion()
    expect(await engine.service('shop')).toMatchObject({ current: { id: 'r1' }, rollout: 'shop-5' })
  })

  test('is gone on with: what it appends is of this version', async () => {
    const { engine, store, fleet } = await firstVersion()
    for (const { id, release: of } of await instancesIn(store))
      await fleet.launch({ id, service: 'shop', release: release(of), fence: 3 })
    const [resumed] = await engine.resume()
    await resumed!.rollback({ by: 'ada' })
    await engine.close()
    const entries = await entriesOf(store, 'shop-5')
    expect(entries.at(-1)?.v).toBe(2)
    expect(await engine.verify('shop-5')).toMatchObject({ ok: true })
  })
})

async function instancesIn(store: { read: (id: string) => AsyncIterable<Entry> }) {
  const { instances } = foldJournal(await entriesOf(store, 'shop-5'))
  return [...instances.values()]
}
