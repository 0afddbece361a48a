import { once } from 'node:events'
import { request } from 'node:http'
import type { RouteTable } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { backend, type Backend, named } from './backends.ts'
import { ask, keepAlive } from './clients.ts'
import { openRouter, routedShop, table } from './shop.ts'

const WAIT = { deadline: 5000 }

/** Answers with its name after `ms`, so that requests overlap. */
async function unhurried(name: string, ms = 2): Promise<Backend> {
  return backend((request, response) => {
    request.resume()
    setTimeout(() => response.end(name), ms)
  })
}

describe('a cutover under load', () => {
  test('fifty times in a row loses no request, and sends none begun after it to an older release', async () => {
    const backends = await Promise.all(Array.from({ length: 51 }, (_, n) => unhurried(String(n))))
    const shape = (n: number): RouteTable =>
      table({ releases: { [`v${n}`]: [backends[n]?.address ?? ''] }, revision: n + 1 })
    const router = await openRouter()
    await router.apply(shape(0))
    const agent = keepAlive()
    const seen = { asked: 0, wrong: new Set<string>() }
    let converged = 0
    const stop = new AbortController()

    const order = async (n: number): Promise<void> => {
      const begun = converged
      const post = n % 3 === 0 ? { method: 'POST', body: 'order' } : {}
      const reuse = n % 4 === 0 ? false : agent
      const { status, body } = await ask(router.url('shop'), { ...post, agent: reuse })
      if (status !== 200) seen.wrong.add(`status ${status}`)
      else if (Number(body) < begun) seen.wrong.add(`answer of ${body} after ${begun}`)
    }
    const client = async (n: number): Promise<void> => {
      while (!stop.signal.aborted) {
        await order(n).catch((error: unknown) => seen.wrong.add(String(error)))
        seen.asked += 1
      }
    }
    const clients = Promise.all(Array.from({ length: 24 }, (_, n) => client(n)))

    for (let n = 1; n <= 50; n++) {
      const proof = await router.converge(await router.apply(shape(n)), WAIT)
      expect(proof).toMatchObject({ converged: true, level: 'observed', revision: n + 1 })
      converged = n
      while (seen.asked < 20 * n) await new Promise((resolve) => setImmediate(resolve))
    }
    stop.abort()
    await clients
    expect([...seen.wrong]).toEqual([])
    expect(seen.asked).toBeGreaterThanOrEqual(1000)
    expect(backends.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(seen.asked)
    for (const { bad } of Object.values(await router.traffic('shop'))) expect(bad).toBe(0)
  })

  test('stopping the old instances as soon as they are drained loses no request', async () => {
    let current = await unhurried('v0', 10)
    const router = await routedShop({ releases: { v0: [current.address] } })
    const agent = keepAlive()
    const statuses = new Map<number, number>()
    const stop = new AbortController()
    const client = async (n: number): Promise<void> => {
      while (!stop.signal.aborted) {
        const post = n % 2 === 0 ? { method: 'POST', body: 'order' } : {}
        const { status } = await ask(router.url('shop'), { ...post, agent })
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
      }
    }
    const clients = Promise.all(Array.from({ length: 16 }, (_, n) => client(n)))
    for (let n = 1; n <= 12; n++) {
      const next = await unhurried(`v${n}`, 10)
      const releases = { [`v${n}`]: [next.address] }
      const receipt = await router.apply(table({ releases, revision: n + 1 }))
      await router.converge(receipt, WAIT)
      expect(await router.drain('shop', [`v${n - 1}-1`], WAIT)).toMatchObject({ drained: true })
      await current.close()
      current = next
    }
    stop.abort()
    await clients
    expect([...statuses.keys()]).toEqual([200])
  })
})

describe('draining', () => {
  test('ends when the last answer has ended, not before, and not at a deadline', async () => {
    const order: string[] = []
    const finish: (() => void)[] = []
    const slow = await backend((_request, response) => {
      response.write('begun ')
      finish.push(() => response.end('ended'))
    })
    const v2 = await named('v2')
    const router = await routedShop({ releases: { v1: [slow.address] } })
    const answers = [1, 2, 3].map(async (n) => {
      const { body } = await ask(router.url('shop'))
      order.push(`answer ${n}: ${body}`)
    })
    while (finish.length < 3) await once(slow.server, 'request')
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    const drained = router.drain('shop', ['v1-1'], { deadline: 60_000 }).then((report) => {
      order.push(`drained: ${String(report.drained)}, ${report.inFlight} in flight`)
    })
    for (const [i, end] of finish.entries()) {
      expect(await router.drain('shop', ['v1-1'], { deadline: 0 })).toMatchObject({
        drained: false,
        inFlight: 3 - i,
      })
      expect((await ask(router.url('shop'))).body).toBe('v2')
      end()
      await answers[i]
    }
    await drained
    expect(order.slice(0, 2)).toEqual(['answer 1: begun ended', 'answer 2: begun ended'])
    expect(order.slice(2).toSorted()).toEqual([
      'answer 3: begun ended',
      'drained: true, 0 in flight',
    ])
  })

  test('says at its deadline what is left', async () => {
    const stuck = await backend((_request, response) => response.write('begun'))
    const router = await routedShop(
      { releases: { v1: [stuck.address] } },
      { timeouts: { close: 0 } },
    )
    const asked = [ask(router.url('shop')), ask(router.url('shop'))]
    for (const one of asked) one.catch(() => undefined)
    while (stuck.requests.length < 2) await once(stuck.server, 'request')
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await router.drain('shop', ['v1-1', 'v1-2'], { deadline: 50 })).toEqual({
      drained: false,
      inFlight: 2,
      longLived: 0,
      forced: 0,
    })
    await router.close()
    await expect(Promise.all(asked)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('waits for a table that no longer routes the instance, since until then more may come', async () => {
    const v1 = await named('v1')
    const router = await routedShop({ releases: { v1: [v1.address] } })
    expect(await router.drain('shop', ['v1-1'], { deadline: 30 })).toMatchObject({
      drained: false,
      inFlight: 0,
    })
    const drained = router.drain('shop', ['v1-1'], { deadline: 60_000 })
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await drained).toMatchObject({ drained: true })
  })

  test('counts a slow client’s answer until its last byte was handed over', async () => {
    const big = await backend((_request, response) => response.end(Buffer.alloc(20_000_000)))
    const router = await routedShop({ releases: { v1: [big.address] } })
    const agent = keepAlive()
    const sent = request(router.url('shop'), { agent }).end()
    const [response] = await once(sent, 'response')
    response.pause()
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await router.drain('shop', ['v1-1'], { deadline: 100 })).toMatchObject({ inFlight: 1 })
    response.resume()
    expect(await router.drain('shop', ['v1-1'], WAIT)).toMatchObject({ drained: true })
  })

  test('stops when its signal says so', async () => {
    const v1 = await named('v1')
    const router = await routedShop({ releases: { v1: [v1.address] } })
    const stop = new AbortController()
    const drained = router.drain('shop', ['v1-1'], { deadline: 60_000, signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(drained).rejects.toThrow('enough')
  })
})

describe('an instance that left the table', () => {
  test('has its idle connections closed at once, and its busy one as soon as the answer ended', async () => {
    const held: (() => void)[] = []
    const v1 = await backend((request, response) => {
      if (request.url === '/slow') held.push(() => response.end('slow'))
      else response.end('quick')
    })
    const router = await routedShop(
      { releases: { v1: [v1.address] } },
      { timeouts: { upstreamIdle: '1h' } },
    )
    const slow = ask(`${router.url('shop')}/slow`)
    while (held.length < 1) await once(v1.server, 'request')
    await ask(router.url('shop'))
    const sockets = v1.requests.map(({ socket }) => socket)
    const closed = sockets.map((socket) => once(socket, 'close'))
    expect(new Set(sockets).size).toBe(2)
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    await closed[1]
    expect(sockets[0]?.destroyed).toBe(false)
    held[0]?.()
    await closed[0]
    expect((await slow).body).toBe('slow')
  })
})

describe('an idle connection to an instance', () => {
  test('is closed by the router after its time, before the instance would', async () => {
    const v1 = await named('v1')
    v1.server.keepAliveTimeout = 60_000
    const timeouts = { upstreamIdle: '50ms' }
    const router = await routedShop({ releases: { v1: [v1.address] } }, { timeouts })
    await ask(router.url('shop'))
    const socket = v1.requests[0]?.socket
    if (socket && !socket.destroyed) await once(socket, 'close')
    await ask(router.url('shop'))
    expect(v1.connections).toBe(2)
  })

  test('is used for the next request', async () => {
    const v1 = await named('v1')
    const router = await routedShop({ releases: { v1: [v1.address] } })
    for (let i = 0; i < 10; i++) await ask(router.url('shop'), { method: i % 2 ? 'POST' : 'GET' })
    expect(v1.connections).toBe(1)
  })
})

describe('weights', () => {
  test('hold to within two requests, and nothing goes to weight 0', async () => {
    const [v1, v2, v3] = [await named('v1'), await named('v2'), await named('v3')]
    const releases = { v1: [v1.address], v2: [v2.address], v3: [v3.address] }
    const router = await routedShop({ releases, weights: { v2: 1000, v3: 0 } })
    const agent = keepAlive()
    for (let i = 0; i < 500; i++) await ask(router.url('shop'), { agent })
    expect(Math.abs(v2.requests.length - 50)).toBeLessThanOrEqual(2)
    expect(v1.requests.length + v2.requests.length).toBe(500)
    expect(v3.requests).toHaveLength(0)
  })

  test('hold while they change with each request: a new table goes on where the old one was', async () => {
    const [v1, v2] = [await named('v1'), await named('v2')]
    const releases = { v1: [v1.address], v2: [v2.address] }
    const router = await routedShop({ releases, weights: { v2: 100 } })
    for (let i = 0; i < 300; i++) {
      await ask(router.url('shop'))
      await router.apply(table({ releases, weights: { v2: 100 + (i % 2) }, revision: i + 2 }))
    }
    expect(Math.abs(v2.requests.length - 3)).toBeLessThanOrEqual(2)
  })

  test('spread a release’s requests evenly over its instances', async () => {
    const instances = await Promise.all([named('a'), named('b'), named('c')])
    const router = await routedShop({ releases: { v1: instances.map(({ address }) => address) } })
    for (let i = 0; i < 30; i++) await ask(router.url('shop'))
    expect(instances.map(({ requests }) => requests.length)).toEqual([10, 10, 10])
  })

  test('prefer the least busy instance', async () => {
    const slow = await backend(() => undefined)
    const quick = await named('quick')
    const router = await routedShop(
      { releases: { v1: [slow.address, quick.address] } },
      { timeouts: { close: 0 } },
    )
    const stuck = Array.from({ length: 2 }, () => ask(router.url('shop')).catch(() => undefined))
    await Promise.race([stuck[0], stuck[1]])
    for (let i = 0; i < 10; i++) expect((await ask(router.url('shop'))).body).toBe('quick')
    expect(slow.requests).toHaveLength(1)
  })
})
