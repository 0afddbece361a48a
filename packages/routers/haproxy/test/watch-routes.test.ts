import { expect, test } from 'vitest'
import { lookAt, NO_MEMORY } from '../src/watch-routes.ts'
import { changed, follow, idle } from './live-maker.ts'
import { pool, settings, table } from './route-table-maker.ts'

const service = settings()
const applied = table(5, pool('v1', 10_000))
const live = follow(service, idle(service), applied)
const memory = { ...NO_MEMORY, table: applied, pid: 1 }

test('as long as nothing changes nobody is told anything', () => {
  expect(lookAt(memory, live, service)).toMatchObject({ drift: [], reassert: undefined })
})

test('a new process that knows nothing, or an older table, gets the last one again', () => {
  const forgot = lookAt(memory, { ...idle(service), pid: 2 }, service)
  expect(forgot.reassert).toBe(applied)
  expect(forgot.drift).toEqual([
    'HAProxy restarted as 2 and came to revision 0; revision 5 is put back',
  ])
  const older = follow(service, idle(service), table(4, pool('v1', 10_000)))
  expect(lookAt(memory, older, service).reassert).toBe(applied)
})

test('a newer table of somebody else is told, kept, and never replaced by ours again', () => {
  const newer = follow(service, live, { ...table(6, pool('v2', 10_000)), fence: 2 })
  const look = lookAt(memory, newer, service)
  expect(look.reassert).toBeUndefined()
  expect(look.drift).toEqual(["revision 6 under fence 2 is somebody else's"])
  const restarted = lookAt(look.memory, { ...idle(service), pid: 2 }, service)
  expect(restarted.reassert).toBeUndefined()
})

test('a change by hand is told once, and again when it is another one', () => {
  const closed = changed(service, live, 1, (server) => ({ ...server, open: false, fit: false }))
  const first = lookAt(memory, closed, service)
  expect(first.drift).toHaveLength(1)
  expect(lookAt(first.memory, closed, service).drift).toEqual([])
  const weighed = changed(service, live, 1, (server) => ({ ...server, fit: false }))
  expect(lookAt(first.memory, weighed, service).drift).toHaveLength(1)
})

test('an adapter that applied nothing puts nothing back', () => {
  expect(lookAt(NO_MEMORY, idle(service), service)).toMatchObject({
    drift: [],
    reassert: undefined,
  })
})
