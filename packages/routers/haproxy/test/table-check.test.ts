import type { RouteTable } from '@changeover/engine'
import { expect, test } from 'vitest'
import { liveDrift, liveTable, observedRoutes } from '../src/live-routes.ts'
import { decide } from '../src/table-check.ts'
import { changed, follow, idle } from './live-maker.ts'
import { pool, settings, table } from './route-table-maker.ts'

const service = settings()
const first = table(5, pool('v1', 10_000))
const live = follow(service, idle(service), first)

test('what is observed is the table that was applied', () => {
  const full: RouteTable = {
    ...table(5, pool('v1', 9_000, 2), pool('v2', 1_000), pool('v3', 0, 0)),
    rules: [{ release: 'v2', header: 'x-preview', value: 'yes' }],
    affinity: { release: 'v2', salt: 'r1', cookie: 'uid' },
  }
  const shown = follow(service, idle(service), full)
  expect(liveTable(shown, service)).toEqual(full)
  expect(observedRoutes(shown, service, true)).toMatchObject({ converged: true, drift: [] })
  expect(observedRoutes(shown, service, false)).toMatchObject({ converged: false, drift: [] })
})

test('the same table is nothing to do, unless somebody changed what it applied', () => {
  expect(decide(service, live, first)).toEqual({ kind: 'nothing' })
  const closed = changed(service, live, 1, (server) => ({ ...server, open: false, fit: false }))
  expect(liveDrift(closed, service)).toEqual([
    'release "v1" is served by nobody, and others were applied',
  ])
  expect(decide(service, closed, first)).toEqual({ kind: 'write' })
  expect(decide(service, closed, table(5, pool('v2', 10_000)))).toMatchObject({ kind: 'reject' })
})

test('an older revision, an older fence and another table under the same revision are rejected', () => {
  expect(decide(service, live, table(4, pool('v1', 10_000)))).toMatchObject({ kind: 'reject' })
  expect(decide(service, live, table(5, pool('v2', 10_000)))).toMatchObject({ kind: 'reject' })
  expect(decide(service, live, { ...table(6, pool('v2', 10_000)), fence: 0 })).toMatchObject({
    kind: 'reject',
  })
  expect(decide(service, live, table(6, pool('v2', 10_000)))).toEqual({ kind: 'write' })
  expect(decide(service, live, { ...first, fence: 2 })).toEqual({ kind: 'write' })
})

test('a table that this HAProxy cannot follow is rejected with what to do', () => {
  const reason = (next: Partial<RouteTable>): string => {
    const decision = decide(service, live, { ...table(6, pool('v1', 10_000)), ...next })
    return decision.kind === 'reject' ? decision.reason : decision.kind
  }
  const at = (address: string) => [{ ...pool('v1', 10_000), instances: [{ id: 'v1-1', address }] }]
  const rule = { release: 'v1', header: 'x-preview' }
  expect(reason({ rules: [{ release: 'v1', header: 'x-other' }] })).toContain('x-other')
  expect(reason({ rules: Array.from({ length: 5 }, () => rule) })).toContain('5 rules')
  expect(reason({ rules: [{ ...rule, value: '' }] })).toContain('empty value')
  expect(reason({ affinity: { release: 'v1', salt: '', cookie: 'uid' } })).toContain('salt')
  expect(reason({ pools: at('localhost:80') })).toContain('localhost:80')
  expect(reason({ pools: at('[0:0::1]:80') })).toContain('[0:0::1]:80')
  expect(reason({ pools: at('[::1]:80') })).toBe('write')
  const many = ['a', 'b', 'c', 'd', 'e'].map((release) => pool(release, 2_000))
  expect(reason({ pools: many })).toContain('releases is 4')
  expect(reason({ pools: [pool('x'.repeat(200), 10_000)] })).toContain('too long')
})

test('an HAProxy with another configuration, or with none of the service, is told nothing', () => {
  const other = { ...live, shape: 'other' }
  expect(decide(service, other, table(6, pool('v1', 10_000)))).toMatchObject({
    kind: 'reject',
    reason: expect.stringContaining('older configuration'),
  })
  const none = { ...live, shape: undefined }
  expect(decide(service, none, table(6, pool('v1', 10_000)))).toMatchObject({
    kind: 'reject',
    reason: expect.stringContaining('no configuration of "shop"'),
  })
})

test('a split that was altered by hand, and a text that is none, are told', () => {
  const read = live.read!
  const altered = { ...live, read: { ...read, whole: false } }
  expect(liveDrift(altered, service)).toEqual(['its split was altered by hand'])
  const foreign = { ...live, read: { raw: 'x', text: undefined, whole: false } }
  expect(liveDrift(foreign, service)).toHaveLength(1)
  expect(liveTable(foreign, service)).toBeUndefined()
})
