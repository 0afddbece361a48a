import { memoryStore } from '@changeover/engine'
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
