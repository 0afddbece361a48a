import type { RouteTable } from '@changeover/engine'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type HaproxySetup,
  type HaproxyUnderTest,
  haproxyUnderTest,
} from '../../../../test/routers/haproxy.ts'
import { haproxy } from './haproxy.ts'
import { type Shops, startShops } from './shops.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

describe.skipIf(!haproxy)('an HAProxy that somebody else reloads', () => {
  test('answers every request while tables come into force between its reloads, by the newest one', async () => {
    const { router, table, reload, ask, shops } = await serving()
    await put(router, table(1, { a: 10_000 }))
    const { failures, answered, stop } = shops.load(ask)
    for (let revision = 2; revision <= 7; revision += 1) {
      await put(router, table(revision, { [revision % 2 === 0 ? 'b' : 'a']: 10_000 }))
      await reload()
      const { revision: seen, drift } = await router.observe('shop')
      expect([seen, drift]).toEqual([revision, []])
    }
    await stop()
    expect(failures).toEqual([])
    expect(answered()).toBeGreaterThan(100)
  })

  test('has not converged while a worker that was replaced still serves', async () => {
    const { router, table, reload, ask, shops } = await serving()
    await put(router, table(1, { a: 10_000 }))
    const letGo = shops.hold('a')
    const held = ask()
    await shops.untilHeld('a')
    await reload()
    const receipt = await router.apply(table(2, { b: 10_000 }))
    expect(receipt).toMatchObject({ outcome: 'applied' })
    const { converged, evidence } = await router.converge(receipt, { deadline: 100 })
    expect([converged, evidence]).toEqual([false, expect.stringContaining('replaced workers')])
    const { converged: settled } = await router.observe('shop')
    expect(settled).toBe(false)
    letGo()
    expect(await held).toBe('a')
    expect(await router.converge(receipt, { deadline: 20_000 })).toMatchObject({ converged: true })
  })

  test('without a file gets the table again that it forgot', async () => {
    const { router, table, reload, ask } = await serving({ durable: false })
    await put(router, table(1, { a: 9_000, b: 1_000 }))
    const told: string[] = []
    router.watch('shop', (drift) => told.push(...drift))
    await reload()
    await expect.poll(async () => (await router.observe('shop')).revision).toBe(1)
    expect(told.join()).toContain('revision 1 is put back')
    await expect.poll(ask).toMatch(/^[ab]$/)
  })
})

async function serving(setup: HaproxySetup = {}) {
  const shops = await startShops(['a', 'b'])
  cleanups.push(shops.close)
  const router = await haproxyUnderTest({ ...setup, master: true })
  if (!router) throw new Error('HAProxy was there')
  cleanups.push(router.close)
  const ask: Shops['ask'] = (headers) => shops.ask(headers, router.url)
  return { ...router, table: shops.table, shops, ask }
}

async function put(router: HaproxyUnderTest['router'], table: RouteTable): Promise<void> {
  const receipt = await router.apply(table)
  expect(receipt).toMatchObject({ outcome: 'applied' })
  const proof = await router.converge(receipt, { deadline: 20_000 })
  expect(proof).toMatchObject({ converged: true })
}
