import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ChangeoverError, type RouteTable } from '@changeover/engine'
import { nodeRouter, SLOW_BOUNDS_MS } from '@changeover/router-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { backend, named } from './backends.ts'
import { ask, keepAlive, rawClient } from './clients.ts'
import { openRouter, routedShop, table } from './shop.ts'

const V1 = { releases: { v1: ['127.0.0.1:1'] } }

describe('a route table', () => {
  test('is what the router says is in force', async () => {
    const router = await openRouter()
    expect(await router.observe('shop')).toMatchObject({
      table: undefined,
      revision: 0,
      fence: 0,
      converged: false,
    })
    const applied = table({ ...V1, revision: 7, fence: 3 })
    expect(await router.apply(applied)).toEqual({
      service: 'shop',
      revision: 7,
      outcome: 'applied',
    })
    expect(await router.observe('shop')).toEqual({
      service: 'shop',
      table: applied,
      revision: 7,
      fence: 3,
      converged: true,
      drift: [],
    })
  })

  test.each([
    ['an older revision', { revision: 6, fence: 3 }, 'revision 6 is older than 7'],
    ['an older fence', { revision: 8, fence: 2 }, 'fence 2 is older than 3'],
    ['an older fence and the same revision', { revision: 7, fence: 2 }, 'fence 2 is older than 3'],
    [
      'a newer fence and an older revision',
      { revision: 6, fence: 4 },
      'revision 6 is older than 7',
    ],
    [
      'the same revision with other routes',
      { revision: 7, fence: 3, releases: { v2: ['127.0.0.1:2'] } },
      'other routes',
    ],
  ])('of %s is rejected and changes nothing', async (_what, change, reason) => {
    const router = await openRouter()
    const applied = table({ ...V1, revision: 7, fence: 3 })
    await router.apply(applied)
    const receipt = await router.apply(table({ ...V1, ...change }))
    expect(receipt).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining(reason) })
    expect((await router.observe('shop')).table).toEqual(applied)
    expect(await router.converge(receipt, { deadline: 1000 })).toMatchObject({
      converged: false,
      evidence: expect.stringContaining('revision 7 is in force'),
    })
  })

  test('applied twice is in force once, and the newer fence of the same table is taken over', async () => {
    const router = await openRouter()
    await router.apply(table({ ...V1, revision: 7, fence: 3 }))
    const { table: first } = await router.observe('shop')
    expect((await router.apply(table({ ...V1, revision: 7, fence: 3 }))).outcome).toBe('applied')
    expect((await router.observe('shop')).table).toBe(first)
    expect((await router.apply(table({ ...V1, revision: 7, fence: 4 }))).outcome).toBe('applied')
    expect((await router.observe('shop')).fence).toBe(4)
  })

  test('is the router’s own: what the caller does to it afterwards changes nothing', async () => {
    const [v1, v2] = [await named('v1'), await named('v2')]
    const router = await openRouter()
    const mine = structuredClone(table({ releases: { v1: [v1.address] } })) as {
      pools: { weight: number; instances: { address: string }[] }[]
    } & RouteTable
    await router.apply(mine)
    for (const pool of mine.pools) {
      pool.weight = 0
      for (const instance of pool.instances) instance.address = v2.address
    }
    mine.pools.length = 0
    expect((await ask(router.url('shop'))).body).toBe('v1')
    const { table: observed } = await router.observe('shop')
    expect(() => Object.assign(observed?.pools[0] ?? {}, { weight: 1 })).toThrow(TypeError)
  })

  test('for a service without a listener is rejected, by name', async () => {
    const router = await openRouter()
    const receipt = await router.apply({ ...table(V1), service: 'shpo' })
    expect(receipt).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringContaining('only for: shop'),
    })
    expect(await router.observe('shpo')).toMatchObject({ table: undefined, revision: 0 })
  })

  test.each<[string, Partial<RouteTable>, string]>([
    [
      'weights that do not sum up',
      { pools: [{ release: 'v1', weight: 1, instances: [{ id: 'a', address: 'a:1' }] }] },
      'CHANGEOVER_WEIGHTS_INVALID',
    ],
    [
      'an address without a port',
      {
        pools: [{ release: 'v1', weight: 10_000, instances: [{ id: 'a', address: 'localhost' }] }],
      },
      'CHANGEOVER_ROUTER_TABLE_INVALID',
    ],
    [
      'an address with a path',
      {
        pools: [{ release: 'v1', weight: 10_000, instances: [{ id: 'a', address: 'http://a:1' }] }],
      },
      'CHANGEOVER_ROUTER_TABLE_INVALID',
    ],
    [
      'a port that is none',
      { pools: [{ release: 'v1', weight: 10_000, instances: [{ id: 'a', address: 'a:70000' }] }] },
      'CHANGEOVER_ROUTER_TABLE_INVALID',
    ],
    ['a revision that is none', { revision: Number.NaN }, 'CHANGEOVER_ROUTER_TABLE_INVALID'],
    ['half a fence', { fence: 0.5 }, 'CHANGEOVER_ROUTER_TABLE_INVALID'],
  ])('with %s is refused as misuse and changes nothing', async (_what, change, code) => {
    const router = await openRouter()
    const refused = router.apply({ ...table(V1), ...change })
    await expect(refused).rejects.toBeInstanceOf(ChangeoverError)
    await expect(refused).rejects.toMatchObject({ code })
    expect((await router.observe('shop')).table).toBeUndefined()
  })

  test('that was superseded is not converged, since requests follow the newer one', async () => {
    const router = await openRouter()
    const first = await router.apply(table({ ...V1, revision: 1 }))
    expect(await router.converge(first, { deadline: 1000 })).toMatchObject({
      converged: true,
      level: 'observed',
    })
    await router.apply(table({ ...V1, revision: 2 }))
    expect(await router.converge(first, { deadline: 60_000 })).toMatchObject({ converged: false })
  })
})

describe('the router', () => {
  test('says what it can do', async () => {
    const router = await openRouter()
    expect(await router.probe()).toEqual({
      granularity: 1,
      split: 'request',
      inFlight: true,
      proof: 'observed',
      rules: true,
      affinity: true,
      slowBounds: SLOW_BOUNDS_MS,
      mirror: true,
      durable: false,
      drops: [],
      cohortHash: 'fnv1a-fmix32',
    })
  })

  test('counts what each release was given, and what of it went wrong', async () => {
    const v1 = await backend((request, response) => {
      response.statusCode = Number(request.url?.slice(1))
      response.end()
    })
    const router = await routedShop({ releases: { v1: [v1.address] } })
    for (const status of [200, 404, 500, 503]) await ask(`${router.url('shop')}/${status}`)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 4, bad: 2 } })
    expect(await router.traffic('nothing')).toEqual({})
  })

  test('remembers the counts of a bounded number of releases', async () => {
    const router = await openRouter()
    for (let n = 1; n <= 100; n++)
      await router.apply(table({ releases: { [`v${n}`]: ['127.0.0.1:1'] }, revision: n }))
    const known = Object.keys(await router.traffic('shop'))
    expect(known).toHaveLength(16)
    expect(known).toContain('v100')
  })

  test('serves each service on its own address', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const router = await openRouter({
      listeners: { a: { port: 0 }, b: { port: 0, host: 'localhost' } },
    })
    for (const [service, { address }] of Object.entries({ a, b }))
      await router.apply({ ...table({ releases: { v1: [address] } }), service })
    expect((await ask(router.url('a'))).body).toBe('a')
    expect((await ask(router.url('b'))).body).toBe('b')
    expect(router.url('b')).toMatch(/^http:\/\/localhost:\d+$/)
  })

  test('has no address before it listens, and none for a service that it does not know', async () => {
    await using router = nodeRouter({ listeners: { shop: { port: 0 } } })
    expect(() => router.url('shop')).toThrow(
      expect.objectContaining({ code: 'CHANGEOVER_ROUTER_NOT_LISTENING' }),
    )
    expect(() => router.url('shpo')).toThrow(
      expect.objectContaining({ code: 'CHANGEOVER_ROUTER_SERVICE_UNKNOWN' }),
    )
    const addresses = await router.listen()
    expect(await router.listen()).toBe(addresses)
    expect(addresses).toEqual({ shop: router.url('shop') })
  })

  test('opens no listener where it cannot open all of them, and can be asked again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    await using router = nodeRouter({ listeners: { free: { port: 0 }, shop: { port } } })
    await expect(router.listen()).rejects.toMatchObject({
      code: 'CHANGEOVER_ROUTER_LISTEN_FAILED',
      message: expect.stringContaining(`127.0.0.1:${port} (EADDRINUSE)`),
    })
    expect(() => router.url('free')).toThrow(/does not listen/)
    taken.close()
    await once(taken, 'close')
    expect(Object.keys(await router.listen())).toEqual(['free', 'shop'])
  })

  test('accepts a table before it listens', async () => {
    const v1 = await named('v1')
    await using router = nodeRouter({ listeners: { shop: { port: 0 } } })
    await router.apply(table({ releases: { v1: [v1.address] } }))
    const { shop = '' } = await router.listen()
    expect((await ask(shop)).body).toBe('v1')
  })

  test('does nothing for a caller that gave up', async () => {
    const router = await openRouter()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(router.apply(table(V1), { signal })).rejects.toThrow('enough')
    await expect(router.observe('shop', { signal })).rejects.toThrow('enough')
    expect((await router.observe('shop')).table).toBeUndefined()
  })
})

describe('closing the router', () => {
  test('lets the answers under way end, then says so to those who watch', async () => {
    const finish: (() => void)[] = []
    const slow = await backend((_request, response) => {
      response.write('begun ')
      finish.push(() => response.end('ended'))
    })
    const router = await routedShop(
      { releases: { v1: [slow.address] } },
      { timeouts: { close: '60s' } },
    )
    const url = router.url('shop')
    const drifts: (readonly string[])[] = []
    router.watch?.('shop', (drift) => drifts.push(drift))
    const client = await rawClient(url)
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(/begun/)
    const idle = await rawClient(url)
    const closed = router.close()
    expect(router.close()).toBe(closed)
    await idle.closed
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(drifts).toEqual([])
    for (const end of finish) end()
    await client.until(/ended\r\n0\r\n\r\n$/)
    expect(await client.closed).toBe('end')
    await closed
    expect(drifts).toEqual([['the router was closed: nothing is routed']])
  })

  test('tells a client whose answer comes now that its connection ends with it', async () => {
    const finish: (() => void)[] = []
    const slow = await backend((_request, response) => finish.push(() => response.end('late')))
    const router = await routedShop(
      { releases: { v1: [slow.address] } },
      { timeouts: { close: '60s' } },
    )
    const answer = ask(router.url('shop'), { agent: keepAlive() })
    await once(slow.server, 'request')
    const closed = router.close()
    for (const end of finish) end()
    expect((await answer).headers.connection).toBe('close')
    await closed
  })

  test('cuts what is left at the deadline, and leaves no connection anywhere', async () => {
    const stuck = await backend((_request, response) => response.write('begun'))
    const router = await routedShop(
      { releases: { v1: [stuck.address] } },
      { timeouts: { close: '50ms' } },
    )
    const client = await rawClient(router.url('shop'))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(/begun/)
    await router.close()
    await client.closed
    while ((await connectionsOf(stuck.server)) > 0)
      await new Promise((resolve) => setImmediate(resolve))
    expect(await router.drain('shop', ['v1-1'], { deadline: 1000 })).toMatchObject({
      drained: true,
    })
  })

  test('leaves no connection to an instance idle', async () => {
    const v1 = await named('v1')
    const router = await routedShop(
      { releases: { v1: [v1.address] } },
      { timeouts: { upstreamIdle: '1h' } },
    )
    await ask(router.url('shop'))
    expect(await connectionsOf(v1.server)).toBe(1)
    await router.close()
    while ((await connectionsOf(v1.server)) > 0)
      await new Promise((resolve) => setImmediate(resolve))
  })

  test('ends everything: later calls are refused or told that nobody is there', async () => {
    const router = await routedShop(V1)
    await router[Symbol.asyncDispose]()
    expect(await router.apply(table({ ...V1, revision: 2 }))).toMatchObject({
      outcome: 'unreachable',
    })
    const refused = { code: 'CHANGEOVER_ROUTER_CLOSED' }
    await expect(router.observe('shop')).rejects.toMatchObject(refused)
    await expect(router.listen()).rejects.toMatchObject(refused)
  })

  test('leaves nothing that would keep a process from ending', async () => {
    const script = fileURLToPath(new URL('fixtures/open-and-close.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 })
    expect(stdout).toBe('v1 v1 v1')
  })

  test('is what aborting its signal does', async () => {
    const stop = new AbortController()
    const router = await openRouter({ signal: stop.signal })
    const url = router.url('shop')
    stop.abort()
    await router.close()
    await expect(ask(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

async function connectionsOf(server: {
  getConnections(done: (error: unknown, count: number) => void): unknown
}): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => resolve(count))
  })
}
