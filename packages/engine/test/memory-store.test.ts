import { memoryStore, type Store } from '@changeover/engine'
import { expect, test } from 'vitest'
import { collect, createdBody, journalMaker } from './journal-maker.ts'

test('an entry cannot be changed through the object that was appended', async () => {
  const store = memoryStore()
  const spec = { command: 'server.js' }
  const entry = journalMaker('r1').next(createdBody('shop', spec))
  await store.append('r1', 0, [entry])
  spec.command = 'other.js'
  expect(await collect(store.read('r1'))).toMatchObject([
    { plan: { to: { spec: { command: 'server.js' } } } },
  ])
})

test('an entry goes through JSON, so that what no file could keep is missed in memory too', async () => {
  const store = memoryStore()
  const spec = { since: new Date(0), onExit: () => undefined }
  await store.append('r1', 0, [journalMaker('r1').next(createdBody('shop', spec))])
  const [entry] = await collect(store.read('r1'))
  expect(entry).toHaveProperty('plan.to.spec', { since: '1970-01-01T00:00:00.000Z' })
})

test('what is appended while a journal is read does not lengthen that reading', async () => {
  const store = memoryStore()
  const { created, ready } = journalMaker('r1')
  await store.append('r1', 0, [created()])
  let seen = 0
  for await (const { seq } of store.read('r1')) {
    await store.append('r1', seq + 1, ready(1))
    seen += 1
  }
  expect(seen).toBe(1)
})

test('journals outlive close(), so that a restarted engine finds them', async () => {
  const store = memoryStore()
  await store.append('r1', 0, [journalMaker('r1').created()])
  await store.close()
  expect(await store.rollouts({ open: true })).toHaveLength(1)
})

test('what is asked of one service takes no longer where there are a thousand others', async () => {
  const [few, many] = [await storeOf(10), await storeOf(2_000)]
  const [fewMs, manyMs] = [await askingMs(few), await askingMs(many)]
  expect(manyMs / fewMs).toBeLessThan(20)
})

test('the rollouts of a service are those of it alone, until they are forgotten', async () => {
  const store = memoryStore({ retain: 2 })
  for (const id of ['r1', 'r2', 'r3', 'r4']) {
    for (const service of ['shop', 'mail']) {
      const { created, next } = journalMaker(`${service}-${id}`)
      const finished = { type: 'finished', outcome: 'promoted' } as const
      await store.append(`${service}-${id}`, 0, [created(service), next(finished)])
    }
  }
  const ids = async (service?: string): Promise<string[]> =>
    (await store.rollouts(service ? { service } : {})).map(({ id }) => id)
  expect(await ids('shop')).toStrictEqual(['shop-r3', 'shop-r4'])
  expect(await ids()).toStrictEqual(['mail-r3', 'mail-r4', 'shop-r3', 'shop-r4'])
  expect(await collect(store.read('shop-r1'))).toStrictEqual([])
})

/** One finished rollout of each of so many services. */
async function storeOf(services: number): Promise<Store> {
  const store = memoryStore()
  for (let n = 0; n < services; n += 1)
    await store.append(`r${n}`, 0, [journalMaker(`r${n}`).created(`service-${n}`)])
  return store
}

/** The least time, of several tries, that some questions about one service take. */
async function askingMs(store: Store): Promise<number> {
  let least = Infinity
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now()
    for (let n = 0; n < 100; n += 1) await store.rollouts({ service: 'service-1' })
    least = Math.min(least, performance.now() - began)
  }
  return least
}
