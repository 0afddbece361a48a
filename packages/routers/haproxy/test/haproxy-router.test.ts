import { readFile, rm } from 'node:fs/promises'
import type { RouteTable } from '@changeover/engine'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type HaproxyUnderTest,
  haproxyUnderTest,
  type HaproxySetup,
} from '../../../../test/routers/haproxy.ts'
import { type Shops, startShops } from './shops.ts'
import { haproxy } from './haproxy.ts'

/** The command that exchanges the table, as the adapter sends it after it has claimed the slots. */
const SWITCH = /^set var proc\.changeover_shop var\(.*\/\/[\w-]+\)$/

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean()
})

describe.skipIf(!haproxy)('the HAProxy router', () => {
  test.each(['passed on', 'lost'] as const)(
    'where the command that counts is %s and no reply comes, the outcome is not known, and the same table heals it',
    async (passing) => {
      const { router, gate, table, ask } = await serving()
      await put(router, table(1, { a: 10_000 }))
      gate.cutAt(SWITCH, passing)
      const next = table(2, { b: 10_000 })
      expect(await router.apply(next)).toMatchObject({ outcome: 'indeterminate' })
      expect(await ask()).toBe(passing === 'lost' ? 'a' : 'b')
      await put(router, next)
      expect(await ask()).toBe('b')
    },
  )

  test('what is refused or ignored leaves the table and the file as they were', async () => {
    const { router, gate, table, ask, file } = await serving()
    await put(router, table(1, { a: 10_000 }))
    const before = await readFile(file, 'utf8')
    for (const reply of ['Permission denied\n', '']) {
      const again = gate.keepChanges(reply)
      const receipt = await router.apply(table(2, { a: 5_000, b: 5_000 }))
      expect(receipt).toMatchObject({ outcome: 'rejected' })
      await again()
    }
    expect(await readFile(file, 'utf8')).toBe(before)
    expect(await ask()).toBe('a')
    expect(await router.observe('shop')).toMatchObject({ revision: 1, drift: [] })
  })

  test('of two adapters that race one wins each time, and what it applied is served and nothing else', async () => {
    const one = await serving()
    const other = await one.attach()
    const race = { applied: 0, rejected: 0 }
    for (let revision = 1; revision <= 15; revision += 1) {
      const tables = [
        one.table(revision, { a: 10_000 }),
        one.table(revision, { b: 9_000, c: 1_000 }),
      ]
      const receipts = await Promise.all([one.router.apply(tables[0]!), other.apply(tables[1]!)])
      const outcomes = receipts.map(({ outcome }) => outcome)
      expect(outcomes.toSorted()).toEqual(['applied', 'rejected'])
      race.applied += 1
      const winner = tables[outcomes.indexOf('applied')]!
      const { table, drift } = await one.router.observe('shop')
      expect(drift).toEqual([])
      expect(table?.pools.map(({ release }) => release)).toEqual(
        winner.pools.map(({ release }) => release),
      )
      expect(winner.pools.map(({ release }) => release)).toContain(await one.ask())
    }
    expect(race.applied).toBe(15)
  })

  test('an older fence loses for ever, also after HAProxy was restarted', async () => {
    const { router, attach, table, restart, ask } = await serving()
    await put(router, { ...table(1, { a: 10_000 }), fence: 7 })
    await restart()
    const paused = await attach()
    const { outcome, reason } = await paused.apply({ ...table(9, { b: 10_000 }), fence: 6 })
    expect([outcome, reason]).toEqual(['rejected', 'fence 6 is older than 7, which is in force'])
    expect(await ask()).toBe('a')
  })

  test('from its first request on a restarted HAProxy follows the table that was in force', async () => {
    const { router, table, halt, ask } = await serving()
    await put(router, table(1, { a: 10_000 }))
    await put(router, {
      ...table(2, { a: 0, b: 10_000 }),
      rules: [{ release: 'a', cookie: 'preview' }],
    })
    const again = await halt()
    expect(await router.apply(table(3, { a: 10_000 }))).toMatchObject({ outcome: 'unreachable' })
    await again()
    expect([await ask(), await ask({ cookie: 'preview=1' })]).toEqual(['b', 'a'])
    expect(await router.observe('shop')).toMatchObject({ revision: 2, converged: true, drift: [] })
  })

  test('what HAProxy forgot is put back, and those who watch are told', async () => {
    const { router, table, restart, ask } = await serving({ durable: false })
    expect((await router.probe()).durable).toBe(false)
    const told: string[] = []
    const unwatch = router.watch('shop', (drift) => told.push(...drift))
    await put(router, table(1, { a: 10_000 }))
    await restart()
    await expect.poll(async () => (await router.observe('shop')).revision).toBe(1)
    await expect.poll(ask).toBe('a')
    expect(told.join()).toContain('revision 1 is put back')
    unwatch()
  })

  test('a table that somebody changed by hand is drift, and the same table puts it right', async () => {
    const { router, table, tamper, command, ask } = await serving()
    const told: string[] = []
    router.watch('shop', (drift) => told.push(...drift))
    await put(router, table(1, { a: 10_000 }))
    await tamper()
    await expect.poll(() => told.join()).toContain('release "a"')
    expect((await router.observe('shop')).drift).toHaveLength(1)
    await put(router, table(1, { a: 10_000 }))
    expect(await ask()).toBe('a')
    const text = await command('get var proc.changeover_shop')
    const raw = /<(.*)>/.exec(text)?.[1] ?? ''
    const altered = raw.replace('1073741824', '1')
    await command(`experimental-mode on; set var proc.changeover_shop str(${altered})`)
    expect((await router.observe('shop')).drift).toEqual(['its split was altered by hand'])
    await put(router, table(1, { a: 10_000 }))
    expect((await router.observe('shop')).drift).toEqual([])
  })

  test('the same table twice sends no command that changes anything', async () => {
    const { router, gate, table } = await serving({ lookEvery: 0 })
    await put(router, table(1, { a: 9_000, b: 1_000 }))
    const before = gate.commands.length
    await put(router, table(1, { a: 9_000, b: 1_000 }))
    const since = gate.commands.slice(before)
    expect(since.filter((line) => /^(?:set|add|del)/.test(line))).toEqual([])
    expect(since.length).toBeGreaterThan(0)
  })

  test('servers that left are gone from HAProxy in the end, however many tables there were', async () => {
    const { router, table, command } = await serving()
    for (let revision = 1; revision <= 30; revision += 1)
      await put(router, table(revision, { [['a', 'b', 'c'][revision % 3]!]: 10_000 }))
    const servers = await command('show servers state')
    const ours = servers.split('\n').filter((line) => line.includes('changeover_shop..'))
    expect(ours.length).toBeLessThanOrEqual(8)
  })

  test('a file that cannot be written is no table in force', async () => {
    const { router, table, file, ask } = await serving({ lookEvery: 0 })
    await put(router, table(1, { a: 10_000 }))
    await rm(file)
    const { mkdir } = await import('node:fs/promises')
    await mkdir(file)
    const { outcome, reason } = await router.apply(table(2, { b: 10_000 }))
    expect(outcome).toBe('rejected')
    expect(reason).toContain('could not be written')
    expect(await ask()).toBe('a')
  })

  test('three releases have their shares to within two requests at any number of them', async () => {
    const { router, table, ask } = await serving()
    const weights = { a: 6_789, b: 211, c: 3_000 }
    await put(router, table(1, weights))
    const counts: Record<string, number> = {}
    let worst = 0
    for (let n = 1; n <= 1_500; n += 1) {
      const release = await ask()
      counts[release] = (counts[release] ?? 0) + 1
      for (const [name, weight] of Object.entries(weights))
        worst = Math.max(worst, Math.abs((counts[name] ?? 0) - (n * weight) / 10_000))
    }
    expect(worst).toBeLessThan(2)
  })
})

/** An HAProxy in front of shops, one for each release. */
async function serving(setup: HaproxySetup = {}): Promise<HaproxyUnderTest & Shops> {
  const shops = await startShops(['a', 'b', 'c'])
  cleanups.push(shops.close)
  const router = await haproxyUnderTest(setup)
  if (!router) throw new Error('HAProxy was there')
  cleanups.push(router.close)
  const ask: Shops['ask'] = (headers) => shops.ask(headers, router.url)
  return { ...shops, ...router, ask }
}

async function put(router: HaproxyUnderTest['router'], table: RouteTable): Promise<void> {
  const receipt = await router.apply(table)
  expect(receipt).toMatchObject({ outcome: 'applied' })
  const proof = await router.converge(receipt, { deadline: 20_000 })
  expect(proof).toMatchObject({ converged: true })
}
