import {
  memoryRouter,
  type MemoryRouterOptions,
  type Receipt,
  type RouteTable,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { poolOf, tableOf } from './plan-maker.ts'

const first = tableOf([poolOf('a', 10_000)])
const second = tableOf([poolOf('b', 10_000)], { revision: 2 })

describe('a table', () => {
  test('is observed with its revision and fence once it was applied', async () => {
    const router = memoryRouter()
    expect(await router.observe('shop')).toMatchObject({ table: undefined, revision: 0, fence: 0 })
    expect(await router.apply(first)).toStrictEqual(applied(1))
    expect(await router.observe('shop')).toStrictEqual({
      service: 'shop',
      table: first,
      revision: 1,
      fence: 1,
      converged: true,
      drift: [],
    })
    expect(await router.observe('mail')).toMatchObject({ table: undefined })
  })

  test('that is not sound is refused, and changes nothing', async () => {
    const router = memoryRouter()
    await router.apply(first)
    const wrong = tableOf([poolOf('b', 9_000)], { revision: 2 })
    await expect(router.apply(wrong)).rejects.toMatchObject({ code: 'CHANGEOVER_WEIGHTS_INVALID' })
    expect((await router.observe('shop')).table).toStrictEqual(first)
  })

  test('applied twice is applied once: it does not converge again', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    await clock.advance(1_000)
    await router.apply(second)
    await clock.advance(1_000)
    expect(await router.apply({ ...second })).toStrictEqual(applied(2))
    expect((await router.observe('shop')).converged).toBe(true)
  })

  test.each<[string, Partial<RouteTable>]>([
    ['an older fence', { revision: 6, fence: 2 }],
    ['an older revision', { revision: 4, fence: 9 }],
    ['the same revision and other routes', { revision: 5, fence: 3 }],
    ['the same revision, other routes and a newer fence', { revision: 5, fence: 4 }],
  ])('with %s is rejected with the reason, and changes nothing', async (_, versions) => {
    const router = memoryRouter()
    const current = { ...first, revision: 5, fence: 3 }
    await router.apply(current)
    const { revision = 0 } = versions
    expect(await router.apply({ ...second, ...versions })).toStrictEqual({
      service: 'shop',
      revision,
      outcome: 'rejected',
      reason: 'revision 5 under fence 3 is in force',
    })
    expect((await router.observe('shop')).table).toStrictEqual(current)
  })

  test('under a newer fence takes that over, so that the older engine is refused from now on', async () => {
    const router = memoryRouter()
    await router.apply(first)
    expect(await router.apply({ ...first, fence: 2 })).toStrictEqual(applied(1))
    expect(await router.apply(second)).toMatchObject({ outcome: 'rejected' })
    expect(await router.apply({ ...second, fence: 2 })).toMatchObject({ outcome: 'applied' })
  })

  test('of one service leaves the others alone', async () => {
    const router = memoryRouter()
    await router.apply({ ...second, fence: 9 })
    expect(await router.apply({ ...first, service: 'mail' })).toMatchObject({ outcome: 'applied' })
    expect((await router.observe('shop')).revision).toBe(2)
  })
})

describe('rules, affinity and mirror', () => {
  const both = [poolOf('a', 9_000), poolOf('b', 1_000)]
  const extras = {
    rules: [{ release: 'b', header: 'x-preview', value: 'yes' }],
    affinity: { release: 'b', salt: 'r1', cookie: 'uid' },
    mirror: { release: 'b', weight: 500 },
  }

  test('are observed as they were applied, and the next table clears them', async () => {
    const router = memoryRouter()
    const table = { ...tableOf(both), ...extras }
    await router.apply(table)
    expect((await router.observe('shop')).table).toStrictEqual(table)
    await router.apply(tableOf(both, { revision: 2 }))
    expect((await router.observe('shop')).table).toStrictEqual(tableOf(both, { revision: 2 }))
  })

  test.each(Object.keys(extras))('are others where the %s is another one', async (part) => {
    const router = memoryRouter()
    await router.apply({ ...tableOf(both), ...extras })
    const { [part]: _, ...others } = extras as Partial<Record<string, unknown>>
    const without = { ...tableOf(both), ...others }
    expect(await router.apply(without)).toMatchObject({ outcome: 'rejected' })
    expect(await router.apply({ ...without, revision: 2 })).toStrictEqual(applied(2))
  })

  test('are the router’s own: what the caller does to them afterwards changes nothing', async () => {
    const router = memoryRouter()
    const mine = structuredClone({ ...tableOf(both), ...extras })
    await router.apply(mine)
    for (const part of [mine.rules[0], mine.affinity, mine.mirror])
      Object.assign(part ?? {}, { release: 'a' })
    expect((await router.observe('shop')).table).toMatchObject(extras)
  })

  test('that lead to no instance are refused, and change nothing', async () => {
    const router = memoryRouter()
    await router.apply(first)
    for (const [part, value] of Object.entries(extras)) {
      const lost = { ...first, revision: 2, [part]: value }
      await expect(router.apply(lost)).rejects.toMatchObject({ code: 'CHANGEOVER_WEIGHTS_INVALID' })
    }
    expect((await router.observe('shop')).table).toStrictEqual(first)
  })
})

describe('an option', () => {
  test.each<[string, unknown, string]>([
    ['convergeAfterMs', -1, 'not a number of milliseconds'],
    ['convergeAfterMs', Number.NaN, 'not a number of milliseconds'],
    ['drainAfterMs', '5s', 'not a number of milliseconds'],
    ['clock', {}, 'now, sleep'],
    ['drainAfter', 5, 'there is no such option'],
  ])('%s of %j is refused', (field, value, problem) => {
    expect(() => memoryRouter({ [field]: value })).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        details: expect.objectContaining({ field: `memoryRouter.${field}` }),
        message: expect.stringContaining(problem),
      }),
    )
  })

  test('that is undefined is left out, and a lag may have no end', async () => {
    const { clock } = slowRouter()
    const absent = { drainAfterMs: undefined } as unknown as MemoryRouterOptions
    const router = memoryRouter({ clock, convergeAfterMs: Infinity, ...absent })
    const receipt = await router.apply(first)
    const proof = await clock.run(router.converge(receipt, { deadline: 1_000 }))
    expect(proof.converged).toBe(false)
  })
})

describe('converging', () => {
  test('takes as long as it takes; until then the table before is the one that is followed', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    await clock.advance(1_000)
    const receipt = await router.apply(second)
    expect(await router.observe('shop')).toMatchObject({
      table: first,
      revision: 2,
      converged: false,
    })
    const proof = await clock.run(router.converge(receipt, { deadline: 60_000 }))
    expect(proof).toMatchObject({ revision: 2, converged: true, level: 'observed' })
    expect(clock.now()).toBe(2_000)
    expect(await router.observe('shop')).toMatchObject({ table: second, converged: true })
  })

  test('is still to the table that is followed, when two came soon after each other', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    await clock.advance(1_000)
    await router.apply(second)
    await clock.advance(500)
    await router.apply({ ...first, revision: 3 })
    expect((await router.observe('shop')).table).toStrictEqual(first)
    await clock.advance(1_000)
    expect(await router.observe('shop')).toMatchObject({ revision: 3, converged: true })
  })

  test('ends at the deadline without a proof', async () => {
    const { clock, router } = slowRouter()
    const receipt = await router.apply(first)
    const proof = await clock.run(router.converge(receipt, { deadline: 999 }))
    expect(proof).toMatchObject({ converged: false, level: 'accepted' })
    expect(clock.now()).toBe(999)
  })

  test('is never proved for a table that another one has replaced', async () => {
    const router = memoryRouter()
    await router.apply(first)
    await router.apply(second)
    const proof = await router.converge(applied(1), { deadline: 1_000 })
    expect(proof.converged).toBe(false)
  })

  test('can be given up, and leaves no timer behind', async () => {
    const { clock, router } = slowRouter()
    const receipt = await router.apply(first)
    const { signal, abort } = giveUp()
    const converging = router.converge(receipt, { deadline: 60_000, signal })
    abort()
    await expect(converging).rejects.toThrow('given up')
    expect(clock.sleepers).toBe(0)
  })
})

describe('draining', () => {
  test('ends when the last instance has no request in flight any more', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    await router.apply(second)
    const report = await clock.run(router.drain('shop', ['a'], { deadline: 60_000 }))
    expect(report).toStrictEqual({ drained: true, inFlight: 0, longLived: 0, forced: 0 })
    // A second until requests follow the table, and five until the last one has ended.
    expect(clock.now()).toBe(6_000)
  })

  test('tells at the deadline how many are still busy', async () => {
    const { clock, router } = slowRouter()
    await router.apply(tableOf([poolOf('a', 10_000, ['a1', 'a2'])]))
    await router.apply(second)
    const report = await clock.run(router.drain('shop', ['a1', 'a2'], { deadline: 2_000 }))
    expect(report).toMatchObject({ drained: false, inFlight: 2 })
    expect(clock.now()).toBe(2_000)
  })

  test('of instances that never were in the routes, or of none, is over at once', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    for (const ids of [['never'], []]) {
      const report = await clock.run(router.drain('shop', ids, { deadline: 60_000 }))
      expect(report.drained).toBe(true)
    }
    expect(clock.now()).toBe(0)
  })

  test('can be given up, and leaves no timer behind', async () => {
    const { clock, router } = slowRouter()
    await router.apply(first)
    await router.apply(second)
    const { signal, abort } = giveUp()
    const draining = router.drain('shop', ['a'], { deadline: 60_000, signal })
    abort()
    await expect(draining).rejects.toThrow('given up')
    expect(clock.sleepers).toBe(0)
  })
})

test('says of itself what it can prove', async () => {
  expect(await memoryRouter().probe()).toStrictEqual({
    inFlight: true,
    proof: 'observed',
    rules: true,
    affinity: true,
    mirror: true,
  })
})

function slowRouter() {
  const clock = virtualClock()
  return { clock, router: memoryRouter({ clock, convergeAfterMs: 1_000, drainAfterMs: 5_000 }) }
}

function applied(revision: number): Receipt {
  return { service: 'shop', revision, outcome: 'applied' }
}

function giveUp(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort(new Error('given up')) }
}
