import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Claim } from '../src/route-text.ts'
import { claimsBeside, fillCommands, planSlots } from '../src/slot-plan.ts'
import { changed, follow, followPlan, idle } from './live-maker.ts'
import { pool, settings, table } from './route-table-maker.ts'

const service = settings({ releases: 2 })
const first = table(1, pool('v1', 10_000, 2))

test('a table that only weighs otherwise changes no server', () => {
  const live = follow(service, idle(service), table(1, pool('v1', 9_000), pool('v2', 1_000)))
  const plan = planSlots(service, live, table(2, pool('v1', 1_000), pool('v2', 9_000)))
  expect(plan).toMatchObject({ fills: [], claimed: [] })
})

test('a release that gets another instance goes to a slot of its own, until the table is in force', () => {
  const live = follow(service, idle(service), first)
  const plan = planSlots(service, live, table(2, pool('v1', 10_000, 3)))
  expect(plan?.fills.map(({ slot }) => slot)).toEqual(plan?.claimed)
  expect(plan?.claimed).not.toContain(live.read?.text?.pools[0]?.slot)
})

test('the way back needs no server: the slot of the table before still has them', () => {
  const before = follow(service, idle(service), first)
  const live = follow(service, before, table(2, pool('v2', 10_000)))
  const plan = planSlots(service, live, { ...first })
  expect(plan).toMatchObject({ fills: [], pools: [{ slot: before.read?.text?.pools[0]?.slot }] })
})

test('a release whose server somebody closed is served anew', () => {
  const live = follow(service, idle(service), first)
  const closed = changed(service, live, 1, (server) => ({ ...server, open: false, fit: false }))
  expect(planSlots(service, closed, first)?.fills).toHaveLength(1)
  const weighed = changed(service, live, 1, (server) => ({ ...server, fit: false }))
  expect(planSlots(service, weighed, first)?.fills).toHaveLength(1)
})

test('a slot that another writer is filling is left alone while another one is free', () => {
  const live = follow(service, idle(service), first)
  const { read } = live
  if (!read?.text) throw new Error('there is a text')
  const claimed = { ...read, text: { ...read.text, claims: [{ slot: 2, nonce: 'x' }] } }
  const plan = planSlots(service, { ...live, read: claimed }, table(2, pool('v2', 10_000)))
  expect(plan?.claimed).toEqual([3])
})

test('and it stays so through any number of tables, until no other one is free', () => {
  let live = follow(service, idle(service), first)
  let claims: readonly Claim[] = [{ slot: 2, nonce: 'x' }]
  for (let revision = 2; revision < 8; revision += 1) {
    const { read } = live
    if (!read?.text) throw new Error('there is a text')
    const seen = { ...live, read: { ...read, text: { ...read.text, claims } } }
    const next = table(revision, pool(`v${revision}`, 10_000))
    const plan = planSlots(service, seen, next)
    if (!plan) throw new Error('no slot was free')
    expect(plan.claimed).not.toContain(2)
    claims = claimsBeside(claims, plan)
    live = followPlan(service, live, next, plan)
  }
  const taken = { pools: [], claimed: [2] }
  expect([claims, claimsBeside(claims, taken)]).toEqual([[{ slot: 2, nonce: 'x' }], []])
})

test('a slot in force is never filled, whatever tables follow each other, and each release is served by its own', () => {
  const anyPools = fc
    .uniqueArray(fc.constantFrom('v1', 'v2', 'v3'), { minLength: 1, maxLength: 2 })
    .chain((releases) =>
      fc.tuple(
        ...releases.map((release, i) =>
          fc
            .integer({ min: 1, max: 3 })
            .map((count) =>
              pool(release, releases.length === 1 ? 10_000 : [4_000, 6_000][i]!, count),
            ),
        ),
      ),
    )
  fc.assert(
    fc.property(fc.array(anyPools, { maxLength: 12 }), (tables) => {
      let live = idle(service)
      for (const [i, pools] of tables.entries()) {
        const next = table(i + 1, ...pools)
        const inForce = live.read?.text?.pools.map(({ slot }) => slot) ?? []
        const plan = planSlots(service, live, next)
        if (!plan) throw new Error('a slot is free')
        for (const { slot } of plan.fills) expect(inForce).not.toContain(slot)
        const slots = plan.pools.map(({ slot }) => slot)
        expect(new Set(slots).size).toBe(slots.length)
        live = followPlan(service, live, next, plan)
      }
    }),
  )
})

test('without a free slot there is no plan', () => {
  const tight = settings({ releases: 1 })
  const live = follow(tight, idle(tight), table(1, pool('v1', 10_000)))
  const plan = planSlots(tight, live, table(2, pool('v2', 5_000), pool('v3', 5_000)))
  expect(plan).toBeUndefined()
})

test('a slot is filled by closing what leaves, placing what comes, and opening all only then', () => {
  const there = { open: true, fit: true }
  const present = [
    { ...there, name: 'old', id: 'old', address: '10.0.0.1:80' },
    { ...there, name: 'kept', id: 'kept', address: '10.0.0.2:80' },
    { ...there, name: 'moved', id: 'moved', address: '[::1]:80' },
  ]
  const wanted = [
    { name: 'kept', address: '10.0.0.2:80' },
    { name: 'moved', address: '[::2]:81' },
    { name: 'new', address: '10.0.0.4:80' },
  ]
  expect(fillCommands('b', wanted, present)).toEqual({
    tried: ['set server b/old state maint', 'del server b/old', 'set server b/moved state maint'],
    needed: [
      'set server b/kept weight 1',
      'set server b/moved addr ::2 port 81',
      'set server b/moved weight 1',
      'add server b/new 10.0.0.4:80',
      'set server b/kept state ready',
      'set server b/moved state ready',
      'set server b/new state ready',
    ],
  })
})
