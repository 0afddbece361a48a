import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { backend, named, rawBackend } from './backends.ts'
import { ask, exchangeRaw, keepAlive, rawClient } from './clients.ts'
import { openRouter, routedShop } from './shop.ts'

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

async function shopOf(address: string): Promise<string> {
  return (await routedShop({ releases: { v1: [address] } })).url('shop')
}

describe('a request', () => {
  test('reaches the instance as it was sent', async () => {
    const echo = await backend((request, response) => {
      void readAll(request).then((body) => response.end(`${request.method} ${request.url} ${body}`))
    })
    const url = await shopOf(echo.address)
    expect((await ask(`${url}/a%20b?c=d&&e`, { method: 'PUT', body: 'new' })).body).toBe(
      'PUT /a%20b?c=d&&e new',
    )
    expect((await ask(url, { method: 'DELETE' })).body).toBe('DELETE / ')
    expect((await ask(url, { method: 'POST' })).body).toBe('POST / ')
  })

  test('tells the instance who asked, and nothing that the client claims about that', async () => {
    const echo = await backend((request, response) => response.end(JSON.stringify(request.headers)))
    const url = await shopOf(echo.address)
    const { body } = await ask(url, {
      headers: {
        Host: 'shop.example',
        'X-Forwarded-For': '6.6.6.6',
        'X-Forwarded-Proto': 'https',
        X_Forwarded_For: '6.6.6.6',
        Forwarded: 'for=6.6.6.6',
        'Proxy-Authorization': 'Basic c2VjcmV0',
        'X-Drop': 'me',
        Connection: 'close, X-Drop',
      },
    })
    expect(JSON.parse(body)).toEqual({
      host: 'shop.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'shop.example',
      connection: 'keep-alive',
    })
  })

  test('streams its body, in chunks as in lengths, with its trailers', async () => {
    const echo = await backend((request, response) => {
      void readAll(request).then((body) =>
        response.end(
          JSON.stringify([body.length, request.headers['transfer-encoding'], request.trailers]),
        ),
      )
    })
    const url = await shopOf(echo.address)
    const big = Buffer.alloc(3_000_000, 'x')
    const headers = { Trailer: 'X-Sum' }
    const chunked = await ask(url, {
      method: 'POST',
      headers,
      body: big,
      trailers: { 'X-Sum': '7' },
    })
    expect(JSON.parse(chunked.body)).toEqual([3_000_000, 'chunked', { 'x-sum': '7' }])
    const length = await ask(url, {
      method: 'POST',
      body: big,
    })
    expect(JSON.parse(length.body)).toEqual([3_000_000, null, {}])
  })

  test('with an absolute target is for the host in the target', async () => {
    const echo = await backend((request, response) =>
      response.end(`${request.headers.host} ${request.url}`),
    )
    const url = await shopOf(echo.address)
    const text = await exchangeRaw(
      url,
      'GET http://shop.example/a?b HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n',
    )
    expect(text).toMatch(/shop\.example \/a\?b$/)
  })

  test('of HTTP/1.0 is answered as HTTP/1.0 takes it: no chunks, and the end closes the connection', async () => {
    const chunks = await backend((_request, response) => {
      response.write('one ')
      response.end('two')
    })
    const url = await shopOf(chunks.address)
    const text = await exchangeRaw(url, 'GET / HTTP/1.0\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(text).not.toMatch(/transfer-encoding/i)
    expect(text).toMatch(/\r\n\r\none two$/)
  })

  test('behind another one on its connection waits for its turn and gets its own answer', async () => {
    const slow = await backend((request, response) => {
      setTimeout(() => response.end(`[${request.url}]`), request.url === '/1' ? 60 : 0)
    })
    const url = await shopOf(slow.address)
    const get = (path: string, more = ''): string =>
      `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
    const text = await exchangeRaw(url, get('/1') + get('/2') + get('/3', 'Connection: close\r\n'))
    expect(text.match(/\[\/\d\]/g)).toEqual(['[/1]', '[/2]', '[/3]'])
  })

  test('to continue is passed on, and so is the word to go on', async () => {
    const order: string[] = []
    const careful = await backend(() => undefined)
    careful.server.on('checkContinue', (request: IncomingMessage, response) => {
      order.push(`asked ${request.headers.expect}`)
      response.writeContinue()
      void readAll(request).then((body) => response.end(`got ${body}`))
    })
    const client = await rawClient(await shopOf(careful.address))
    client.socket.write(
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
    )
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
    order.push('told to continue')
    client.socket.write('hello')
    const text = await client.until(/got hello/)
    expect(order).toEqual(['asked 100-continue', 'told to continue'])
    expect(text.match(/100 Continue/g)).toHaveLength(1)
  })

  test('to continue that is turned down ends the connection, since nobody knows what follows on it', async () => {
    const strict = await backend(() => undefined)
    strict.server.on('checkContinue', (_request, response) => {
      response.writeHead(413, { 'Content-Length': 0 })
      response.end()
    })
    const text = await exchangeRaw(
      await shopOf(strict.address),
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 413 /)
    expect(text).toMatch(/\r\nConnection: close\r\n/)
  })

  test('for a protocol that is not passed on is served without it; a tunnel is refused', async () => {
    const v1 = await named('v1')
    const url = await shopOf(v1.address)
    const client = await rawClient(url)
    client.socket.write(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    )
    expect(await client.until(/v1$/)).toMatch(/^HTTP\/1\.1 200 /)
    expect(v1.requests[0]?.headers).not.toHaveProperty('upgrade')
    expect(v1.requests[0]?.headers).not.toHaveProperty('http2-settings')
    expect(await exchangeRaw(url, 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 501 /,
    )
  })

  test('gets 503 and when to come back while nothing is routed', async () => {
    const router = await openRouter()
    const { status, headers } = await ask(router.url('shop'))
    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('1')
    await router.apply({ service: 'shop', revision: 1, fence: 1, pools: [] })
    expect((await ask(router.url('shop'))).status).toBe(503)
  })

  test('beyond the limit of requests in flight gets 503, and those within it their answers', async () => {
    const held: (() => void)[] = []
    const slow = await backend((_request, response) => held.push(() => response.end('done')))
    const router = await routedShop(
      { releases: { v1: [slow.address] } },
      { limits: { inFlight: 2 } },
    )
    const first = [ask(router.url('shop')), ask(router.url('shop'))]
    while (held.length < 2) await once(slow.server, 'request')
    expect((await ask(router.url('shop'))).status).toBe(503)
    for (const finish of held) finish()
    expect((await Promise.all(first)).map(({ body }) => body)).toEqual(['done', 'done'])
    const last = ask(router.url('shop'))
    await once(slow.server, 'request')
    held.at(-1)?.()
    expect((await last).status).toBe(200)
  })
})

describe('an answer', () => {
  test('reaches the client as it was sent, without the headers of the instance’s connection', async () => {
    const teapot = await rawBackend(({ socket }) => {
      socket.write(
        'HTTP/1.1 418 Short And Stout\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Secret: s\r\nX-Open: o\r\n' +
          'Date: then\r\nContent-Length: 2\r\nConnection: X-Secret, keep-alive\r\nKeep-Alive: timeout=9\r\n\r\nhi',
      )
    })
    const text = await exchangeRaw(
      await shopOf(teapot.address),
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )
    expect(text).toBe(
      'HTTP/1.1 418 Short And Stout\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Open: o\r\n' +
        'Date: then\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi',
    )
  })

  test('comes with its early hints before it and its trailers after it', async () => {
    const hints = await rawBackend(({ socket }) => {
      socket.write(
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n',
      )
      socket.write(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n',
      )
      socket.write('0\r\nX-Sum: 7\r\nTransfer-Encoding: x\r\n\r\n')
    })
    const url = await shopOf(hints.address)
    const text = await exchangeRaw(url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload\r\nLink: <\/b.js>\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    )
    expect(text).toMatch(/\r\nTrailer: X-Sum\r\n/)
    expect(text).toMatch(/\r\n0\r\nX-Sum: 7\r\n\r\n$/)
    expect((await ask(url)).trailers).toEqual({ 'x-sum': '7' })
    expect(await exchangeRaw(url, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', 200, '1000'],
    [
      'HEAD',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n',
      200,
      undefined,
    ],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 204, undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "e"\r\n\r\n', 304, '1000'],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 200, '0'],
  ])(
    'to %s without a body leaves the connections usable: %j',
    async (method, bytes, status, length) => {
      const bare = await rawBackend(({ socket }) => socket.write(bytes))
      const url = await shopOf(bare.address)
      const agent = keepAlive({ maxSockets: 1 })
      for (let i = 0; i < 3; i++) {
        const answer = await ask(url, { method, agent })
        expect(answer).toMatchObject({ status, body: '' })
        expect(answer.headers['content-length']).toBe(length)
      }
      expect(bare.sockets.size).toBe(1)
    },
  )

  test('keeps the headers beyond the two thousandth', async () => {
    const many = await rawBackend(({ socket }) => {
      const head = `${'a:b\r\n'.repeat(3000)}X-Secret: s\r\nConnection: X-Secret\r\n`
      socket.write(`HTTP/1.1 200 OK\r\n${head}Content-Length: 0\r\n\r\n`)
    })
    const text = await exchangeRaw(
      await shopOf(many.address),
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )
    expect(text.match(/a: b\r\n/g)).toHaveLength(3000)
    expect(text).not.toMatch(/secret/i)
  })

  test('that ends with the instance’s connection ends whole', async () => {
    const old = await rawBackend(({ socket }) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'))
    expect((await ask(await shopOf(old.address))).body).toBe('all of it')
  })

  test('in chunks with extensions comes without them', async () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    const signing = await rawBackend(({ socket }) =>
      socket.write(`${head}3;sig="a;b"\r\nall\r\n6;x;y=z\r\n of it\r\n0;end\r\n\r\n`),
    )
    expect((await ask(await shopOf(signing.address))).body).toBe('all of it')
  })

  test('of 300 MB to a client that does not read is not kept in memory', async () => {
    const piece = Buffer.alloc(1_000_000, 'x')
    let sent = 0
    const big = await backend((_request, response) => {
      const fill = (): void => {
        while (sent < 300) {
          sent += 1
          if (!response.write(piece)) return void response.once('drain', fill)
        }
        response.end()
      }
      fill()
    })
    const client = await rawClient(await shopOf(big.address))
    client.socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await client.until(/\r\n\r\n/)
    client.socket.pause()
    let before = -1
    while (before !== sent) {
      before = sent
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(sent).toBeLessThan(60)
    client.socket.destroy()
  })
})

describe('a head that two readers might read differently', () => {
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n'
  const post = 'POST / HTTP/1.1\r\nHost: a\r\n'
  test.each([
    [
      'a length and chunks',
      `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'chunks and a length',
      `${post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`],
    ['a signed length', `${post}Content-Length: +5\r\n\r\nhello`],
    ['a list of lengths', `${post}Content-Length: 5, 5\r\n\r\nhello`],
    ['a space before the colon', `${post}Content-Length : 5\r\n\r\nhello`],
    ['a folded line', `${get}X-A: b\r\n c\r\n\r\n`],
    ['a bare line feed', `${get.replaceAll('\r', '')}\n`],
    ['a coding that is nearly chunked', `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    [
      'chunked that is not the last coding',
      `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    ],
    ['a chunk of a negative size', `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `${get}Host: b\r\n\r\n`],
    [
      'chunks in HTTP/1.0',
      'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a target that is none', 'GET shop HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target with a user in it', 'GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('is refused with 400: %s', async (_what, bytes) => {
    const v1 = await named('v1')
    expect(await exchangeRaw(await shopOf(v1.address), bytes)).toMatch(/^HTTP\/1\.1 400 /)
    expect(v1.requests.filter(({ method }) => method === 'GET')).toHaveLength(0)
  })

  test('is refused with 501 where only a coding is unknown', async () => {
    const v1 = await named('v1')
    const bytes = `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`
    expect(await exchangeRaw(await shopOf(v1.address), bytes)).toMatch(/^HTTP\/1\.1 501 /)
    expect(v1.requests).toHaveLength(0)
  })

  test('is refused with 431 where it is too long', async () => {
    const v1 = await named('v1')
    const bytes = `${get}X-Long: ${'x'.repeat(40_000)}\r\n\r\n`
    expect(await exchangeRaw(await shopOf(v1.address), bytes)).toMatch(/^HTTP\/1\.1 431 /)
    expect(v1.requests).toHaveLength(0)
  })

  test('keeps the headers beyond the two thousandth, so that none hides behind them', async () => {
    const echo = await backend((request, response) => response.end(`${request.rawHeaders.length}`))
    echo.server.maxHeadersCount = 0
    const many = 'a:b\r\n'.repeat(3000)
    const text = await exchangeRaw(
      await shopOf(echo.address),
      `${get}${many}X-Drop: me\r\nConnection: close, X-Drop\r\n\r\n`,
    )
    // 3000 of them, Host, three X-Forwarded-* and the router's own Connection; a name and a value each.
    expect(text).toMatch(/\r\n\r\n6010$/)
  })
})
