import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2'
import type { NodeRouter, NodeRouterOptions } from '@changeover/router-node'
import { describe, expect, test } from 'vitest'
import { backend, named, rawBackend } from './backends.ts'
import { identity } from './certificates.ts'
import { answerOf, ask2, http2Client } from './http2-client.ts'
import { routedShop, table } from './shop.ts'

async function secureShop(
  address: string,
  options: Partial<NodeRouterOptions> = {},
): Promise<{ router: NodeRouter; client: ClientHttp2Session }> {
  const router = await routedShop(
    { releases: { v1: [address] } },
    { listeners: { shop: { port: 0, tls: identity('a') } }, ...options },
  )
  return { router, client: await http2Client(router.url('shop')) }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Without what Node adds under a symbol. */
function plain(headers: object = {}): object {
  return Object.fromEntries(Object.entries(headers))
}

async function closing(stream: ClientHttp2Stream): Promise<void> {
  await new Promise((resolve) => stream.once('close', resolve))
}

async function settled<T>(check: () => T | undefined | false): Promise<T> {
  for (;;) {
    const found = check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a request of HTTP/2', () => {
  test('reaches the instance as one of HTTP/1, with one Host and its cookies in one line', async () => {
    const echo = await backend((request, response) => {
      void readAll(request).then((body) =>
        response.end(JSON.stringify([request.method, request.url, request.rawHeaders, body])),
      )
    })
    const { client } = await secureShop(echo.address)
    const { body } = await ask2(
      client,
      {
        ':method': 'PUT',
        ':path': '/a%20b?c=d',
        ':authority': 'shop.example',
        cookie: ['a=1', 'b=2'],
        te: 'trailers',
        'x-forwarded-for': '6.6.6.6',
        'x-real-ip': '6.6.6.6',
        'content-length': 3,
      },
      { body: 'new' },
    )
    expect(JSON.parse(body)).toEqual([
      'PUT',
      '/a%20b?c=d',
      [
        'Host',
        'shop.example',
        'content-length',
        '3',
        'cookie',
        'a=1; b=2',
        'X-Forwarded-For',
        '127.0.0.1',
        'X-Forwarded-Proto',
        'https',
        'X-Forwarded-Host',
        'shop.example',
        'Connection',
        'keep-alive',
      ],
      'new',
    ])
  })

  test('is routed by its cookie', async () => {
    const [v1, v2] = [await named('v1'), await named('v2')]
    const router = await routedShop(
      { releases: {} },
      { listeners: { shop: { port: 0, tls: identity('a') } } },
    )
    await router.apply({
      ...table({
        releases: { v1: [v1.address], v2: [v2.address] },
        weights: { v2: 0 },
        revision: 2,
      }),
      rules: [{ release: 'v2', cookie: 'preview', value: 'on' }],
    })
    const client = await http2Client(router.url('shop'))
    expect((await ask2(client, { cookie: ['x=y', 'preview=on'] })).body).toBe('v2')
    expect((await ask2(client, { cookie: ['x=y', 'preview=off'] })).body).toBe('v1')
  })

  test('without a length is sent on in chunks, with its trailers', async () => {
    const echo = await backend((request, response) => {
      void readAll(request).then((body) =>
        response.end(
          JSON.stringify([body.length, request.headers['transfer-encoding'], request.trailers]),
        ),
      )
    })
    const { client } = await secureShop(echo.address)
    const { body } = await ask2(
      client,
      { ':method': 'POST', trailer: 'x-sum' },
      { body: Buffer.alloc(3_000_000, 'x'), trailers: { 'x-sum': '7' } },
    )
    expect(JSON.parse(body)).toEqual([3_000_000, 'chunked', { 'x-sum': '7' }])
  })

  test('that names two hosts is refused', async () => {
    const v1 = await named('v1')
    const { client } = await secureShop(v1.address)
    const { status } = await ask2(client, { ':authority': 'a.example', host: 'b.example' })
    expect(status).toBe(400)
    expect(v1.requests).toHaveLength(0)
  })

  test('to open a tunnel is refused', async () => {
    const v1 = await named('v1')
    const { client } = await secureShop(v1.address)
    const { status } = await answerOf(
      client.request({ ':method': 'CONNECT', ':authority': 'a:80' }),
    )
    expect(status).toBe(400)
    expect(v1.requests).toHaveLength(0)
  })

  test('to continue is passed on, and so is the word to go on', async () => {
    const careful = await backend(() => undefined)
    careful.server.on('checkContinue', (request: IncomingMessage, response) => {
      response.writeContinue()
      void readAll(request).then((body) => response.end(`got ${body}`))
    })
    const { client } = await secureShop(careful.address)
    const stream = client.request({ ':method': 'POST', expect: '100-continue' })
    await once(stream, 'continue')
    const answer = answerOf(stream)
    stream.end('hello')
    expect((await answer).body).toBe('got hello')
  })

  test('that its client breaks off breaks off at the instance, in its body as in its wait', async () => {
    const aborted: string[] = []
    const slow = await backend((request) => {
      request.resume()
      request.on('close', () => aborted.push(request.url ?? ''))
    })
    const { router, client } = await secureShop(slow.address)
    const waiting = client.request({ ':path': '/wait' })
    const sending = client.request({ ':path': '/send', ':method': 'POST' }, { endStream: false })
    sending.write('half')
    await settled(() => slow.requests.length === 2)
    waiting.close(constants.NGHTTP2_CANCEL)
    sending.close(constants.NGHTTP2_CANCEL)
    await settled(() => aborted.length === 2)
    expect(aborted.toSorted()).toEqual(['/send', '/wait'])
    expect(await router.drain('shop', ['v1-1'], { deadline: 1 })).toMatchObject({ inFlight: 0 })
  })

  test('that takes too long to arrive is broken off', async () => {
    const v1 = await backend((request) => request.resume())
    const { client } = await secureShop(v1.address, { timeouts: { head: 100, request: 200 } })
    const stream = client.request({ ':method': 'POST' }, { endStream: false })
    stream.on('error', () => undefined)
    stream.write('half')
    await closing(stream)
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL)
    await settled(() => v1.requests[0]?.destroyed)
  })

  test('beyond the streams of its connection waits for its turn', async () => {
    let most = 0
    let now = 0
    const slow = await backend((_request, response) => {
      most = Math.max(most, (now += 1))
      setTimeout(() => response.end(String((now -= 1))), 20)
    })
    const { client } = await secureShop(slow.address, { limits: { streams: 3 } })
    await ask2(client)
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask2(client)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(most).toBe(3)
  })

  test('with a head beyond the limit is refused, and reaches no instance', async () => {
    const v1 = await named('v1')
    const { client } = await secureShop(v1.address, { limits: { headBytes: 4096 } })
    const long = ask2(client, { 'x-long': 'x'.repeat(8192) }).then(
      ({ status }) => status,
      () => 'broken off',
    )
    expect([431, 'broken off']).toContain(await long)
    expect(v1.requests).toHaveLength(0)
  })

  test.each([
    constants.NGHTTP2_CANCEL,
    constants.NGHTTP2_NO_ERROR,
    constants.NGHTTP2_INTERNAL_ERROR,
  ])('that is broken off again and again (%i) costs its client the connection', async (code) => {
    const slow = await backend(() => undefined)
    const { client } = await secureShop(slow.address, { limits: { resets: 50 } })
    const away = once(client, 'goaway')
    let opened = 0
    for (; !client.closed && !client.destroyed && opened < 500; opened++) {
      const stream = client.request()
      stream.on('error', () => undefined)
      await new Promise((resolve) => setImmediate(resolve))
      stream.close(code)
    }
    expect((await away)[0]).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    expect(opened).toBeLessThan(500)
  })

  test('that the router breaks off is not held against its client', async () => {
    const dying = await rawBackend(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12', () => socket.destroy())
    })
    const { client } = await secureShop(dying.address, { limits: { resets: 3 } })
    for (let i = 0; i < 10; i++) await expect(ask2(client)).rejects.toThrow('INTERNAL_ERROR')
    expect(client.closed).toBe(false)
  })

  test('is broken off at the instance when its client has gone, in its body as in its wait', async () => {
    const slow = await backend(() => undefined)
    for (const method of ['GET', 'POST']) {
      const { client } = await secureShop(slow.address)
      client.request({ ':method': method }, { endStream: method === 'GET' }).on('error', () => {})
      await expect.poll(() => slow.requests.at(-1)?.method).toBe(method)
      client.destroy()
      await expect.poll(() => slow.requests.at(-1)?.destroyed).toBe(true)
    }
  })
})

describe('an answer over HTTP/2', () => {
  test('comes without the headers of the instance’s connection, its cookies apart', async () => {
    const teapot = await rawBackend(({ socket }) => {
      socket.write(
        'HTTP/1.1 418 Short And Stout\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Secret: s\r\nX-Open: o\r\n' +
          'Date: then\r\nContent-Length: 2\r\nConnection: X-Secret, keep-alive\r\nKeep-Alive: timeout=9\r\n\r\nhi',
      )
    })
    const { client } = await secureShop(teapot.address)
    const { headers, body } = await ask2(client)
    expect({ ...plain(headers), body }).toEqual({
      ':status': 418,
      'set-cookie': ['a=1', 'b=2'],
      'x-open': 'o',
      date: 'then',
      'content-length': '2',
      body: 'hi',
    })
  })

  test('comes with its early hints and its trailers', async () => {
    const hinting = await rawBackend(({ socket }) => {
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Drop\r\nX-Drop: 1\r\n\r\n' +
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 7\r\n\r\n',
      )
    })
    const { client } = await secureShop(hinting.address)
    const { status, hints, trailers, body } = await ask2(client)
    expect([status, body]).toEqual([200, 'hi'])
    expect(hints).toHaveLength(1)
    expect(plain(hints[0])).toEqual({ ':status': 103, link: '</a.css>; rel=preload' })
    expect(plain(trailers)).toEqual({ 'x-sum': '7' })
  })

  test('whose headers come twice, or are none of HTTP/2, passes all the same', async () => {
    const twice = 'X-A: 1\r\nETag: a\r\nETag: b\r\nHTTP2-Settings: x\r\n'
    const odd = await rawBackend(({ socket }) => {
      socket.write(
        `HTTP/1.1 103 Early Hints\r\n${twice}\r\nHTTP/1.1 200 OK\r\n${twice}Transfer-Encoding: chunked\r\n\r\n` +
          `2\r\nhi\r\n0\r\n${twice}\r\n`,
      )
    })
    const { client } = await secureShop(odd.address)
    const { status, headers, hints, trailers, body } = await ask2(client)
    expect([status, body]).toEqual([200, 'hi'])
    for (const some of [headers, hints[0], trailers])
      expect(some).toMatchObject({ 'x-a': '1', etag: 'a, b' })
    for (const some of [headers, hints[0], trailers])
      expect(some).not.toHaveProperty('http2-settings')
  })

  test.each([
    ['a HEAD', 'HEAD', '200 OK', '42'],
    ['a GET with 304', 'GET', '304 Not Modified', '42'],
    ['a GET with 204', 'GET', '204 No Content', undefined],
  ])('to %s has no body, and ends', async (_, method, status, length) => {
    const bodiless = await rawBackend(({ socket }) => {
      const more = length === undefined ? '' : `Content-Length: ${length}\r\n`
      socket.write(`HTTP/1.1 ${status}\r\nETag: "e"\r\n${more}\r\n`)
    })
    const { client } = await secureShop(bodiless.address)
    for (let i = 0; i < 2; i++) {
      const answer = await ask2(client, { ':method': method })
      expect(answer.body).toBe('')
      expect(answer.status).toBe(Number(status.slice(0, 3)))
      expect(answer.headers['content-length']).toBe(length)
    }
    expect(bodiless.connections).toBe(1)
  })

  test('before the end of its request comes whole, and what the client still sends is thrown away', async () => {
    const hasty = await backend((_request, response) => {
      response.writeHead(413)
      response.end('too much')
    })
    const { client } = await secureShop(hasty.address)
    const stream = client.request({ ':method': 'POST' }, { endStream: false })
    const answer = answerOf(stream)
    stream.write(Buffer.alloc(3_000_000), () => stream.end())
    expect(await answer).toMatchObject({ status: 413, body: 'too much' })
    expect((await ask2(client)).status).toBe(413)
  })

  test.each(['Content-Length: 100', 'Transfer-Encoding: chunked'])(
    'that broke off never looks whole (%s)',
    async (framing) => {
      const dying = await rawBackend(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n5\r\nhello\r\n`)
        setTimeout(() => socket.destroy(), 20)
      })
      const { router, client } = await secureShop(dying.address)
      const stream = client.request()
      let ended = false
      stream.on('end', () => (ended = true))
      stream.on('error', () => undefined)
      stream.resume()
      await closing(stream)
      expect(stream.rstCode).toBe(constants.NGHTTP2_INTERNAL_ERROR)
      expect(ended).toBe(false)
      expect(await router.traffic('shop')).toMatchObject({ v1: { total: 1, bad: 1 } })
    },
  )

  test('flows at the pace at which its client takes it', async () => {
    let written = 0
    const firehose = await backend((_request, response) => {
      const chunk = Buffer.alloc(1_000_000)
      const pour = (): void => {
        while (written < 200_000_000 && response.write(chunk)) written += chunk.length
        if (written < 200_000_000) response.once('drain', pour)
        else response.end()
      }
      pour()
    })
    const { client } = await secureShop(firehose.address)
    const stream = client.request()
    await once(stream, 'response')
    stream.pause()
    let before = -1
    while (before !== written) {
      before = written
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    expect(written).toBeLessThan(60_000_000)
    expect((await ask2(client, { ':method': 'HEAD' })).status).toBe(200)
    stream.close(constants.NGHTTP2_CANCEL)
  })

  test('of the router’s own says why', async () => {
    const { router, client } = await secureShop('127.0.0.1:1')
    await router.apply(table({ releases: {}, revision: 2 }))
    const { status, headers, body } = await ask2(client)
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(body).toBe('503 Service Unavailable. No instance is in service yet.\n')
  })
})

describe('a connection of HTTP/2', () => {
  test('is told to go away when the router closes, after its answers', async () => {
    const held: (() => void)[] = []
    const slow = await backend((_request, response) => held.push(() => response.end('done')))
    const { router, client } = await secureShop(slow.address, { timeouts: { close: '10s' } })
    const answer = ask2(client)
    await settled(() => held.length === 1)
    const away = once(client, 'goaway')
    const closed = router.close()
    expect((await away)[0]).toBe(constants.NGHTTP2_NO_ERROR)
    held[0]?.()
    expect((await answer).body).toBe('done')
    await closed
    await settled(() => client.destroyed)
  })

  test('sees no error in 20 cutovers, and no old release from then on', async () => {
    const releases = await Promise.all(['v1', 'v2'].map((name) => named(name)))
    const { router, client } = await secureShop(releases[0]!.address)
    const bad: string[] = []
    let current = 'v1'
    const over = new AbortController()
    let answered = 0
    const keepAsking = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const [before, { status, body }] = [current, await ask2(client)]
        if (status !== 200 || (body !== before && body !== current)) bad.push(`${status} ${body}`)
        answered += 1
      }
    }
    const asking = Array.from({ length: 8 }, keepAsking)
    for (let revision = 2; revision <= 21; revision++) {
      const seen = answered
      await settled(() => answered > seen + 20)
      const release = `v${1 + (revision % 2)}`
      const [v1, v2] = releases
      const address = release === 'v1' ? v1!.address : v2!.address
      await router.apply(table({ releases: { [release]: [address] }, revision }))
      current = release
    }
    over.abort()
    await Promise.all(asking)
    expect(bad).toEqual([])
    expect(answered).toBeGreaterThan(400)
  })

  test('does not hold the router’s close up where its client leaves an answer unread', async () => {
    const v1 = await named('v1')
    const { router, client } = await secureShop(v1.address, { timeouts: { close: '25s' } })
    const stream = client.request()
    stream.on('error', () => undefined).pause()
    await once(stream, 'response')
    const began = performance.now()
    await router.close()
    expect(performance.now() - began).toBeLessThan(12_000)
  })

  test('is cut where its answers take longer than the router waits', async () => {
    const slow = await backend(() => undefined)
    const { router, client } = await secureShop(slow.address, { timeouts: { close: 50 } })
    const stream = client.request()
    let answered = false
    stream.on('error', () => undefined).on('response', () => (answered = true))
    await settled(() => slow.requests.length === 1)
    await Promise.all([router.close(), closing(stream)])
    expect(answered).toBe(false)
  })

  test('is closed when it was idle for long enough, and not while it waits', async () => {
    const slow = await backend((_request, response) => {
      setTimeout(() => response.end('done'), 600)
    })
    const { client } = await secureShop(slow.address, { timeouts: { keepAlive: 150 } })
    expect((await ask2(client)).body).toBe('done')
    if (!client.destroyed) await once(client, 'close')
  })
})
