import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { backend, named, rawBackend } from '../backends.ts'
import { ask, exchangeRaw, keepAlive, rawClient } from '../clients.ts'
import { onFastPath, routedShop } from '../shop.ts'

async function shopOf(address: string): Promise<string> {
  return (await routedShop({ releases: { v1: [address] } })).url('shop')
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('latin1')
}

/** Says what it was asked, headers of the connection and of the router apart. */
async function echo(): Promise<string> {
  const { address } = await backend((request, response) => {
    void readAll(request).then((body) => {
      const raw = request.rawHeaders
        .join('|')
        .replaceAll(/\|?(Connection|X-Forwarded-\w+)\|[^|]*/g, '')
      response.end(`<${request.method} ${request.url} ${raw} ${body}>`)
    })
  })
  return shopOf(address)
}

const END = 'GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** Answers as they came, heads and all, without what differs from run to run. */
function answersIn(text: string): string {
  return text.replaceAll(/^(Date|Connection|Keep-Alive): .*\r\n/gm, '')
}

/** Every place between two bytes; a few will do where Node's own parser reads. */
const STEP = onFastPath() ? 1 : 16

describe('requests on one connection', () => {
  const get = 'GET /a HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n'
  const post =
    'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n'
  const chunked =
    'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
  const expecting =
    'POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n'
  const absolute = 'GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n'

  test.each([
    ['plain ones', [get, post, get]],
    ['plain ones, then an unusual one', [get, post, chunked, get]],
    ['an unusual one first', [chunked, get, post]],
    ['unusual ones among plain ones', [post, absolute, get, expecting, post]],
  ])('are answered in order, each with its own: %s', async (_what, requests) => {
    const text = await exchangeRaw(await echo(), requests.join('') + END)
    const paths = requests.map((request) => /\/\/?[a-z]/.exec(request)?.[0].replace('//b', '/x'))
    expect([...text.matchAll(/<\w+ (\/\w+)/g)].map(([, path]) => path)).toEqual([...paths, '/end'])
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(requests.length + 1)
  })

  test('are the same ones wherever their bytes are torn apart', async () => {
    const url = await echo()
    const stream = get + post + END
    const whole = answersIn(await exchangeRaw(url, stream))
    expect(whole.match(/200 OK/g)).toHaveLength(3)
    const torn = async (at: number): Promise<string> => {
      const client = await rawClient(url)
      client.socket.setNoDelay(true).write(stream.slice(0, at), 'latin1')
      await sleep(3)
      client.socket.write(stream.slice(at), 'latin1')
      await client.closed
      return answersIn(client.text())
    }
    const places = Array.from({ length: (stream.length - 1) / STEP }, (_, i) => i * STEP + 1)
    for (let i = 0; i < places.length; i += 32) {
      const all = await Promise.all(places.slice(i, i + 32).map(torn))
      for (const text of all) expect(text).toBe(whole)
    }
  })
})

describe('an answer', () => {
  test.each([
    ['of a length', 'HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello'],
    [
      'in chunks, with hints and trailers',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n',
    ],
    ['without a body', 'HTTP/1.1 304 Not Modified\r\nETag: a\r\nContent-Length: 5\r\n\r\n'],
  ])('%s is the same one wherever its bytes are torn apart', async (_what, bytes) => {
    let at = bytes.length
    const torn = await rawBackend(({ socket }) => {
      socket.setNoDelay(true).write(bytes.slice(0, at), 'latin1')
      if (at < bytes.length) setTimeout(() => socket.write(bytes.slice(at), 'latin1'), 2)
    })
    const url = await shopOf(torn.address)
    const agent = keepAlive({ maxSockets: 1 })
    const { date: _, ...headers } = (await ask(url, { agent })).headers
    const whole = await ask(url, { agent })
    for (at = 1; at < bytes.length; at += STEP) {
      const { status, body, trailers, headers: seen } = await ask(url, { agent })
      expect({ status, body, trailers }).toEqual({
        status: whole.status,
        body: whole.body,
        trailers: whole.trailers,
      })
      expect(seen).toMatchObject(headers)
    }
    expect(torn.connections).toBe(1)
  })

  test('of many megabytes reaches a client that is slow to read, byte for byte, and the next one too', async () => {
    const big = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251))
    const v1 = await backend((request, response) => {
      if (request.url === '/chunks') response.write(big.subarray(0, 1_000_000))
      response.end(request.url === '/chunks' ? big.subarray(1_000_000) : big)
    })
    const url = await shopOf(v1.address)
    const agent = keepAlive({ maxSockets: 1 })
    for (const path of ['/length', '/chunks', '/length', '/chunks']) {
      const sent = request(`${url}${path}`, { agent }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      response.pause()
      await sleep(50)
      expect(Buffer.from(await readAll(response), 'latin1').equals(big)).toBe(true)
    }
    expect(v1.connections).toBe(1)
  })
})

describe('a request with a body', () => {
  test('of many megabytes reaches an instance that reads slowly, byte for byte', async () => {
    const big = Buffer.from(Array.from({ length: 5_000_000 }, (_, i) => i % 251))
    const slow = await backend((request, response) => {
      request.pause()
      setTimeout(() => {
        void readAll(request).then((body) =>
          response.end(`${Buffer.from(body, 'latin1').equals(big)}`),
        )
      }, 50)
    })
    const url = await shopOf(slow.address)
    const agent = keepAlive({ maxSockets: 1 })
    for (let i = 0; i < 2; i++)
      expect((await ask(url, { method: 'POST', agent, body: big })).body).toBe('true')
    expect(slow.connections).toBe(1)
  })

  test('that is answered early, while its client had to wait, leaves the connection usable', async () => {
    const early = await rawBackend(({ socket, turn }) => {
      if (turn === 1) socket.pause()
      setTimeout(() => socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'), 30)
    })
    const url = await shopOf(early.address)
    const client = await rawClient(url)
    client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
    client.socket.write(Buffer.alloc(20_000_000))
    client.socket.write(END)
    await client.closed
    expect(client.text().match(/401 No/g)).toHaveLength(2)
  })
})

describe('a connection between two requests', () => {
  test('is closed when its client takes too long for the next one', async () => {
    const v1 = await named('v1')
    const router = await routedShop(
      { releases: { v1: [v1.address] } },
      { timeouts: { keepAlive: '100ms', close: 0 } },
    )
    const client = await rawClient(router.url('shop'))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until(/v1$/)
    expect(await client.closed).toBe('end')
    expect(v1.requests).toHaveLength(1)
  })

  test('stays while requests come', async () => {
    const v1 = await named('v1')
    const router = await routedShop(
      { releases: { v1: [v1.address] } },
      { timeouts: { keepAlive: '400ms', close: 0 } },
    )
    const client = await rawClient(router.url('shop'))
    for (let i = 1; i <= 6; i++) {
      client.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      await client.until(new RegExp(`(v1[^]*){${i}}`))
      await sleep(100)
    }
    expect(client.socket.destroyed).toBe(false)
    expect(v1.requests).toHaveLength(6)
  })

  test('to an instance is kept up to their limit, and no longer', async () => {
    const held: (() => void)[] = []
    const v1 = await backend((_request, response) => held.push(() => response.end('done')))
    const router = await routedShop(
      { releases: { v1: [v1.address] } },
      { limits: { idleConnections: 2 }, timeouts: { upstreamIdle: '1h', close: 0 } },
    )
    const asked = Array.from({ length: 5 }, () => ask(router.url('shop')))
    while (held.length < 5) await sleep(5)
    const closed = v1.requests.map(({ socket }) => once(socket, 'close'))
    for (const finish of held) finish()
    await Promise.all(asked)
    await Promise.race(closed)
    while (v1.requests.filter(({ socket }) => !socket.destroyed).length > 2) await sleep(5)
    await sleep(50)
    expect(v1.requests.filter(({ socket }) => !socket.destroyed)).toHaveLength(2)
  })

  test('to an instance that says something unasked is closed, and nobody gets to hear it', async () => {
    const chatty = await rawBackend(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 20)
    })
    const url = await shopOf(chatty.address)
    for (let i = 0; i < 3; i++) {
      const [socket] = [...chatty.sockets].slice(-1)
      expect((await ask(url)).body).toBe('ok')
      const open = [...chatty.sockets].find((one) => one !== socket)
      if (open) await once(open, 'close')
    }
    expect(chatty.connections).toBe(3)
  })
})
