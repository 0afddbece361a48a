import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  backend,
  deadAddress,
  named,
  rawBackend,
  type RawRequest,
  silentAddress,
} from './backends.ts'
import { ask, exchangeRaw, keepAlive, rawClient } from './clients.ts'
import { routedShop, table } from './shop.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Answers the first request of each connection, and closes it instead of answering the second. */
function closeOnSecond({ head, socket, turn }: RawRequest): void {
  if (turn === 1) socket.write(head.startsWith('HEAD') ? OK.slice(0, -2) : OK)
  else socket.destroy()
}

/** Resolves when `stream` is closed, whether that is an error to it or not. */
async function closeOf(stream: NodeJS.EventEmitter): Promise<void> {
  await new Promise((resolve) => {
    stream.on('error', () => undefined).once('close', resolve)
  })
}

/** What `Promise.withResolvers` is, from Node 22 on. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

async function shopOf(...addresses: string[]): Promise<string> {
  return (await routedShop({ releases: { v1: addresses } })).url('shop')
}

describe('an instance that closed an idle connection', () => {
  test.each(['GET', 'HEAD', 'OPTIONS'])(
    'costs no %s: it is sent once more, on a fresh connection',
    async (method) => {
      const stale = await rawBackend(closeOnSecond)
      const url = await shopOf(stale.address)
      for (let i = 0; i < 20; i++) expect((await ask(url, { method })).status).toBe(200)
      // Each but the first met the connection of the one before it, and came again.
      expect(stale.heads).toHaveLength(20 + 19)
    },
  )

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    'costs a %s, which is never sent twice',
    async (method) => {
      const stale = await rawBackend(closeOnSecond)
      const url = await shopOf(stale.address)
      const statuses = []
      for (let i = 0; i < 6; i++) statuses.push((await ask(url, { method, body: 'x' })).status)
      expect(statuses).toEqual([200, 502, 200, 502, 200, 502])
      expect(stale.heads).toHaveLength(6)
    },
  )

  test('costs a GET with a body, which is gone once it was sent', async () => {
    const stale = await rawBackend(closeOnSecond)
    const url = await shopOf(stale.address)
    await ask(url)
    expect((await ask(url, { method: 'GET', body: 'x' })).status).toBe(502)
    expect(stale.heads).toHaveLength(2)
  })

  test('has closed the others as well: the second try takes none of them', async () => {
    const held: Socket[] = []
    const stale = await rawBackend(({ socket, turn }) => {
      if (turn > 1) socket.destroy()
      else if (stale.heads.length > 5) socket.write(OK)
      else held.push(socket)
    })
    const url = await shopOf(stale.address)
    const first = Array.from({ length: 5 }, () => ask(url))
    while (held.length < 5) await new Promise((resolve) => setImmediate(resolve))
    for (const socket of held) socket.write(OK)
    await Promise.all(first)
    expect((await ask(url)).status).toBe(200)
    expect(stale.heads).toHaveLength(7)
    expect(stale.connections).toBe(6)
  })

  test('is not alone with it: the second try takes no kept connection of another one either', async () => {
    const stale = [await rawBackend(closeOnSecond), await rawBackend(closeOnSecond)]
    const url = await shopOf(...stale.map(({ address }) => address))
    for (let i = 0; i < 12; i++) expect((await ask(url)).status).toBe(200)
  })

  test('is sent a GET twice at most', async () => {
    const mean = await rawBackend(({ socket }) => {
      if (mean.heads.length === 1) socket.write(OK)
      else socket.destroy()
    })
    const url = await shopOf(mean.address)
    await ask(url)
    expect((await ask(url)).status).toBe(502)
    expect(mean.heads).toHaveLength(3)
  })

  test('is not sent a request on that connection when the router saw it close', async () => {
    const tidy = await rawBackend(({ socket }) => socket.end(OK))
    const url = await shopOf(tidy.address)
    for (let i = 0; i < 10; i++)
      expect((await ask(url, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(tidy.heads).toHaveLength(10)
  })

  test('is replaced by one of the table that came meanwhile', async () => {
    const stale = await rawBackend(({ socket, turn }) => {
      if (turn === 1) socket.write(OK)
      else closing.resolve(socket)
    })
    const closing = withResolvers<Socket>()
    const v2 = await named('v2')
    const router = await routedShop({ releases: { v1: [stale.address] } })
    await ask(router.url('shop'))
    const answer = ask(router.url('shop'))
    const socket = await closing.promise
    await router.apply(table({ releases: { v2: [v2.address] }, revision: 2 }))
    socket.destroy()
    expect((await answer).body).toBe('v2')
    expect(stale.heads).toHaveLength(2)
    expect(await router.drain('shop', ['v1-1'], { deadline: 5000 })).toMatchObject({
      drained: true,
    })
  })

  test('is not sent a request on a connection that has been idle longer than it said', async () => {
    const hasty = await rawBackend(({ socket }) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok'),
    )
    const url = await shopOf(hasty.address)
    for (let i = 0; i < 4; i++) await ask(url)
    expect(hasty.connections).toBe(4)
  })
})

describe('an instance that cannot be reached', () => {
  test('in time costs no request while another one can', async () => {
    const v1 = await named('v1')
    const releases = { v1: [v1.address, await silentAddress()] }
    const router = await routedShop({ releases }, { timeouts: { connect: '100ms', close: 0 } })
    for (let i = 0; i < 4; i++) {
      const { status, body } = await ask(router.url('shop'), { method: 'POST', body: 'x' })
      expect([status, body]).toEqual([200, 'v1'])
    }
    expect((await router.traffic('shop'))['v1']?.bad).toBeGreaterThan(0)
  })

  test.each(['GET', 'POST'])('costs no %s while another one can', async (method) => {
    const v1 = await named('v1')
    const router = await routedShop({ releases: { v1: [await deadAddress(), v1.address] } })
    for (let i = 0; i < 10; i++) {
      const body = method === 'POST' ? 'x'.repeat(100_000) : undefined
      expect((await ask(router.url('shop'), { method, ...(body && { body }) })).body).toBe('v1')
    }
    expect(v1.requests).toHaveLength(10)
    expect((await router.traffic('shop'))['v1']?.bad).toBeGreaterThan(0)
  })

  test('costs nothing when its whole release is gone, while another one has weight', async () => {
    const v1 = await named('v1')
    const dead = [await deadAddress(), await deadAddress()]
    const router = await routedShop({
      releases: { v1: [v1.address], v2: dead },
      weights: { v2: 5000 },
    })
    for (let i = 0; i < 20; i++) expect((await ask(router.url('shop'))).body).toBe('v1')
    const { v1: old, v2: canary } = await router.traffic('shop')
    expect(old).toMatchObject({ total: 20, bad: 0 })
    expect(canary).toMatchObject({ total: 20, bad: 20 })
  })

  test('is not replaced by one with weight 0', async () => {
    const v1 = await named('v1')
    const releases = { v1: [v1.address], v2: [await deadAddress()] }
    const router = await routedShop({ releases, weights: { v1: 0 } })
    expect((await ask(router.url('shop'))).status).toBe(502)
    expect(v1.requests).toHaveLength(0)
  })

  test('is one of three at most that a request is offered to', async () => {
    const v1 = await named('v1')
    const dead = [await deadAddress(), await deadAddress(), await deadAddress()]
    const router = await routedShop({ releases: { v1: dead } })
    expect((await ask(router.url('shop'))).status).toBe(502)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 3, bad: 3 } })
    expect(v1.requests).toHaveLength(0)
  })
})

describe('an instance that dies', () => {
  test.each([
    ['GET', 'an end', (socket: Socket) => socket.end()],
    ['GET', 'a reset', (socket: Socket) => socket.resetAndDestroy()],
    ['POST', 'an end', (socket: Socket) => socket.end()],
    ['POST', 'a reset', (socket: Socket) => socket.resetAndDestroy()],
  ])(
    'before it answered a %s, by %s, costs it on a fresh connection: it may have been acted upon',
    async (method, _how, die) => {
      const dying = await rawBackend(({ socket }) => die(socket))
      const other = await named('other')
      const url = await shopOf(dying.address, other.address)
      const post = method === 'POST' ? { method, body: 'x' } : { method }
      const statuses = []
      for (let i = 0; i < 6; i++) statuses.push((await ask(url, post)).status)
      expect(statuses.filter((status) => status === 502)).toHaveLength(3)
      expect([dying.heads.length, other.requests.length]).toEqual([3, 3])
    },
  )

  test.each([
    ['a body in chunks', 'HTTP/1.1', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['a body of a length', 'HTTP/1.1', 'Content-Length: 100\r\n\r\nhello'],
    ['a body of a length, to HTTP/1.0', 'HTTP/1.0', 'Content-Length: 100\r\n\r\nhello'],
    [
      'a body in chunks, to HTTP/1.0',
      'HTTP/1.0',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ],
  ])(
    'in the middle of %s cuts the client’s connection: no end that looks whole',
    async (_what, version, rest) => {
      const dying = await rawBackend(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\n${rest}`)
        setTimeout(() => socket.destroy(), 50)
      })
      const router = await routedShop({ releases: { v1: [dying.address] } })
      const client = await rawClient(router.url('shop'))
      client.socket.write(`GET / ${version}\r\nHost: a\r\n\r\n`)
      const text = await client.until(/hello/)
      expect(text).not.toMatch(/0\r\n\r\n$/)
      expect(await client.closed).toBe(version === 'HTTP/1.0' ? 'reset' : 'end')
      expect(client.text()).not.toMatch(/0\r\n\r\n$/)
      expect(await router.traffic('shop')).toMatchObject({ v1: { total: 1, bad: 1 } })
    },
  )

  test('by a reset in the middle of a body cuts the client’s connection', async () => {
    const dying = await rawBackend(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello')
      setTimeout(() => socket.resetAndDestroy(), 50)
    })
    await expect(ask(await shopOf(dying.address))).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('while a body is on its way to it costs the request and leaves the client’s connection usable', async () => {
    const dying = await rawBackend(({ socket }) => socket.resetAndDestroy())
    const router = await routedShop({ releases: { v1: [dying.address] } })
    const agent = keepAlive({ maxSockets: 1 })
    for (let i = 0; i < 3; i++) {
      const body = Buffer.alloc(2_000_000)
      expect((await ask(router.url('shop'), { method: 'POST', agent, body })).status).toBe(502)
    }
    expect(dying.heads).toHaveLength(3)
  })
})

describe('an instance that answers oddly', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    [
      'a coding that nobody asked for',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a status that is none', 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n'],
    ['a reason that no line can hold', 'HTTP/1.1 200 \u0001\r\nContent-Length: 0\r\n\r\n'],
    [
      'a protocol that nobody asked for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['a head that never ends', `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}`],
  ])('costs the request, not the router: %s', async (_what, bytes) => {
    const odd = await rawBackend(({ socket }) => socket.write(bytes, 'latin1'))
    const router = await routedShop({ releases: { v1: [odd.address] } })
    const agent = keepAlive({ maxSockets: 1 })
    for (let i = 0; i < 2; i++) expect((await ask(router.url('shop'), { agent })).status).toBe(502)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 2, bad: 2 } })
  })

  test('with more than its answer has that answer passed on, and nothing of the rest', async () => {
    const chatty = await rawBackend(({ socket }) => socket.write(`${OK}${OK}and more\r\n\r\n`))
    const url = await shopOf(chatty.address)
    const agent = keepAlive({ maxSockets: 1 })
    for (let i = 0; i < 5; i++)
      expect(await ask(url, { agent })).toMatchObject({ status: 200, body: 'ok' })
    expect(chatty.heads).toHaveLength(5)
    expect(chatty.connections).toBe(5)
  })

  test('too late costs the request', async () => {
    const silent = await rawBackend(() => undefined)
    const router = await routedShop(
      { releases: { v1: [silent.address] } },
      { timeouts: { answer: '80ms', close: 0 } },
    )
    expect((await ask(router.url('shop'))).status).toBe(504)
    expect((await ask(router.url('shop'), { method: 'POST', body: 'x' })).status).toBe(504)
    expect(silent.heads).toHaveLength(2)
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 2, bad: 2 } })
  })

  test('is not too late while its client still sends, however early a hint came', async () => {
    const eager = await backend((request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      request.resume().on('end', () => response.end('done'))
    })
    const router = await routedShop(
      { releases: { v1: [eager.address] } },
      { timeouts: { answer: '100ms' } },
    )
    const client = await rawClient(router.url('shop'))
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
    await client.until(/103 Early Hints/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    client.socket.write('world')
    expect(await client.until(/HTTP\/1\.1 [25]\d\d /)).toMatch(/HTTP\/1\.1 200 /)
  })

  test('in parts with long pauses is not too late: the limit is for the head only', async () => {
    const slow = await backend((_request, response) => {
      response.write('a')
      setTimeout(() => response.end('b'), 400)
    })
    const router = await routedShop(
      { releases: { v1: [slow.address] } },
      { timeouts: { answer: '150ms' } },
    )
    expect((await ask(router.url('shop'))).body).toBe('ab')
  })

  test('before the whole request is there has its answer passed on', async () => {
    const early = await rawBackend(({ socket }) =>
      socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'),
    )
    const client = await rawClient(await shopOf(early.address))
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000005\r\n\r\nhello')
    await client.until(/^HTTP\/1\.1 401 No\r\n/)
    client.socket.write(`${'x'.repeat(1_000_000)}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`)
    await client.until(/401[^]*401/)
    expect(early.heads.map((head) => head.split(' ')[1])).toEqual(['/', '/next'])
  })
})

describe('a client that goes away', () => {
  test('before the answer takes its request to the instance with it', async () => {
    const slow = await backend(() => undefined)
    const router = await routedShop({ releases: { v1: [slow.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [request] = await once(slow.server, 'request')
    client.socket.destroy()
    await closeOf(request)
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await router.drain('shop', ['v1-1'], { deadline: 5000 })).toMatchObject({
      drained: true,
    })
    expect(await router.traffic('shop')).toMatchObject({ v1: { total: 0, bad: 0 } })
  })

  test('in the middle of the answer takes its request to the instance with it', async () => {
    const endless = await backend((_request, response) => response.write('a'))
    const client = await rawClient(await shopOf(endless.address))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [, response] = await once(endless.server, 'request')
    await client.until(/\r\n\r\n/)
    client.socket.destroy()
    await closeOf(response)
    expect(response.writableFinished).toBe(false)
  })

  test('in the middle of its body takes its request to the instance with it', async () => {
    const waiting = await backend((request) => request.resume())
    const client = await rawClient(await shopOf(waiting.address))
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello')
    const [request] = await once(waiting.server, 'request')
    client.socket.destroy()
    await closeOf(request)
    expect(request.complete).toBe(false)
  })

  test('that sends request upon request without an answer is cut off', async () => {
    const slow = await backend(() => undefined)
    const client = await rawClient(await shopOf(slow.address))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5000))
    await client.closed
    expect(slow.requests.length).toBeLessThanOrEqual(1)
  })

  test('half way, after its request, leaves nothing counted', async () => {
    const v1 = await named('v1')
    const router = await routedShop({ releases: { v1: [v1.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.closed
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await router.drain('shop', ['v1-1'], { deadline: 5000 })).toMatchObject({
      drained: true,
    })
  })

  test('before its request is whole, and slowly, is not waited for', async () => {
    const v1 = await backend((request) => request.resume())
    const timeouts = { head: '200ms', request: '400ms', close: 0 }
    const router = await routedShop({ releases: { v1: [v1.address] } }, { timeouts })
    expect(await exchangeRaw(router.url('shop'), 'GET / HTT')).toMatch(/^HTTP\/1\.1 408 /)
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello'
    expect(await exchangeRaw(router.url('shop'), post)).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('with requests waiting behind the first one leaves none of them counted', async () => {
    const slow = await backend(() => undefined)
    const router = await routedShop({ releases: { v1: [slow.address] } })
    const client = await rawClient(router.url('shop'))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5))
    await once(slow.server, 'request')
    client.socket.destroy()
    await router.apply({ service: 'shop', revision: 2, fence: 1, pools: [] })
    expect(await router.drain('shop', ['v1-1'], { deadline: 5000 })).toMatchObject({
      drained: true,
      inFlight: 0,
    })
    expect(slow.requests).toHaveLength(1)
  })
})

test('a smuggled second request is not one to the instance', async () => {
  const v1 = await named('v1')
  const url = await shopOf(v1.address)
  const inner = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n'
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\nConnection: close, content-length\r\n\r\n`
  expect(await exchangeRaw(url, head + inner)).toMatch(/^HTTP\/1\.1 200 /)
  expect(v1.requests.map((request) => request.url)).toEqual(['/'])
})
