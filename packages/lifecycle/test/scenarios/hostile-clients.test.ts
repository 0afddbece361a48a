import { createServer as createHttp2Server } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'

import { describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'

import type { DrainOptions, ShutdownReport } from '../../src/index.ts'
import { openFrames } from '../frame-client.ts'
import type { FrameClient } from '../frame-client.ts'
import { createTlsServer, sleep, start } from '../harness.ts'
import type { Harness } from '../harness.ts'
import { count, openRaw, request } from '../raw-client.ts'
import type { RawClient } from '../raw-client.ts'

/** Far away: a client that is bounded by anything less than the deadline ends long before. */
const farDrain = { notice: 0, quiet: 50, streams: 0, deadline: '10m' }
/** Near: for a client to whom something is owed, until the deadline. */
const nearDrain = { notice: 0, quiet: 50, streams: 0, deadline: 1_500 }

const post = (length: number): string =>
  `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`

interface Counted extends Harness {
  readonly executed: () => number
}

/** Answers what was read to its end, a little later. */
async function startCounted(drain: DrainOptions = farDrain): Promise<Counted> {
  let executed = 0
  const harness = await start(
    (incoming, response) => {
      executed += 1
      incoming.resume().once('end', () => setTimeout(() => response.end('done'), 20))
    },
    { drain },
  )
  return { ...harness, executed: () => executed }
}

/** Opens clients that never close their side. */
function openHalf(port: number, total: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: total }, () => openRaw(port, { allowHalfOpen: true })))
}

/** Does something again and again until the shutdown is over. */
async function during(shutdown: Promise<ShutdownReport>, act: () => void): Promise<ShutdownReport> {
  const timer = setInterval(act, 10)
  return shutdown.finally(() => clearInterval(timer))
}

const answersOf = (clients: readonly RawClient[]): number =>
  clients.reduce((sum, { received }) => sum + count(received(), 'HTTP/1.1 200'), 0)

function leave(clients: readonly Pick<RawClient, 'socket'>[]): void {
  for (const { socket } of clients) socket.destroy()
}

const expectDone = (report: ShutdownReport): void => {
  expect(report).toMatchObject({ outcome: 'clean', forced: 0 })
  expect(report.durationMs).toBeLessThan(20_000)
}

const expectCut = (report: ShutdownReport, forced: number): void => {
  expect(report).toMatchObject({ outcome: 'forced', exitCode: 70, forced })
  expect(report.durationMs).toBeLessThan(1_500 + 10_000)
}

describe.concurrent('slow clients', () => {
  it('that send their heads byte by byte are neither executed nor waited for', async () => {
    const { lifecycle, port, executed } = await startCounted()
    const clients = await openHalf(port, 50)
    const bytes = request('/', 'X: y\r\n'.repeat(2_000))
    let sent = 0
    for (const client of clients) client.send(bytes[sent] ?? '')
    await sleep(50)
    const report = await during(lifecycle.shutdown(), () => {
      sent += 1
      for (const client of clients) if (!client.socket.destroyed) client.send(bytes[sent] ?? '')
    })
    expectDone(report)
    expect(executed()).toBe(0)
    leave(clients)
  })

  it('that send their bodies byte by byte are cut at the deadline and counted', async () => {
    const { lifecycle, port, executed } = await startCounted(nearDrain)
    const clients = await openHalf(port, 20)
    for (const client of clients) client.send(post(1_000_000))
    await sleep(100)
    const report = await during(lifecycle.shutdown(), () => {
      for (const client of clients) if (!client.socket.destroyed) client.send('x')
    })
    expectCut(report, 20)
    expect(executed()).toBe(20)
    expect(answersOf(clients)).toBe(0)
    leave(clients)
  })

  it('that go on uploading after their answer are not waited for', async () => {
    const { lifecycle, port } = await start((_, response) => response.writeHead(200).end('early'), {
      drain: farDrain,
    })
    const clients = await openHalf(port, 20)
    const stopped = lifecycle.shutdown()
    for (const client of clients) client.send(post(1_000_000))
    const report = await during(stopped, () => {
      for (const client of clients) if (!client.socket.destroyed) client.send('x')
    })
    expectDone(report)
    expect(answersOf(clients)).toBe(20)
    leave(clients)
  })

  it('that do not read their answers are cut at the deadline and counted', async () => {
    const { lifecycle, port } = await start(
      (_, response) => response.end(Buffer.alloc(16 * 1024 * 1024)),
      { drain: nearDrain },
    )
    const clients = await openHalf(port, 3)
    for (const client of clients) client.socket.pause()
    for (const client of clients) client.send(request())
    await sleep(200)
    expectCut(await lifecycle.shutdown(), 3)
    leave(clients)
  })
})

describe.concurrent('half-open clients', () => {
  it('that never close their side are not waited for, whether idle or answered', async () => {
    const { lifecycle, port, executed } = await startCounted()
    const clients = await openHalf(port, 50)
    for (const client of clients.slice(0, 25)) client.send(request())
    expectDone(await lifecycle.shutdown())
    expect(answersOf(clients)).toBe(executed())
    leave(clients)
  })

  it('that smuggle a request behind our FIN are never executed', async () => {
    const { lifecycle, port, executed } = await startCounted()
    const clients = await openHalf(port, 50)
    for (const client of clients.slice(0, 25)) client.send(request())
    await Promise.all(clients.slice(0, 25).map((client) => client.sees('done')))
    const stopped = lifecycle.shutdown()
    await Promise.all(clients.map(({ ended }) => ended))
    const before = clients.map(({ received }) => received())
    const report = await during(stopped, () => {
      for (const client of clients) if (!client.socket.destroyed) client.send(`${post(4)}body`)
    })
    expectDone(report)
    expect(executed()).toBe(25)
    expect(clients.map(({ received }) => received())).toEqual(before)
    leave(clients)
  })
})

describe.concurrent('a flood', () => {
  /** Connects, sends ten requests at once, reads to the end, and comes back until it is refused. */
  async function flood(port: number, seen: RawClient[]): Promise<void> {
    for (;;) {
      const client = await openRaw(port).catch(() => undefined)
      if (client === undefined) return
      seen.push(client)
      client.send(request().repeat(10))
      await client.closed
    }
  }

  it('of new connections and requests during the whole drain does not extend it', async () => {
    const { lifecycle, port, executed } = await startCounted({ ...farDrain, notice: 700 })
    const seen: RawClient[] = []
    const stopped = lifecycle.shutdown()
    await Promise.all(Array.from({ length: 20 }, () => flood(port, seen)))
    expectDone(await stopped)
    expect(seen.length).toBeGreaterThan(20)
    expect(answersOf(seen)).toBe(executed())
  })

  it('of pipelined requests on connections that never read is cut at the deadline', async () => {
    const { lifecycle, port, executed } = await startCounted(nearDrain)
    const clients = await openHalf(port, 10)
    for (const client of clients) client.socket.pause()
    const report = await during(lifecycle.shutdown(), () => {
      for (const { socket } of clients) {
        if (!socket.destroyed && socket.writableLength < 1_000_000)
          socket.write(request().repeat(100))
      }
    })
    expect(report.durationMs).toBeLessThan(1_500 + 10_000)
    expect(executed()).toBeGreaterThan(0)
    for (const { socket } of clients) socket.resume()
    await sleep(100)
    expect(answersOf(clients)).toBeLessThanOrEqual(executed())
    leave(clients)
  })
})

describe.concurrent('garbage behind an answer that said close', () => {
  const garbage = [
    'garbage\r\n\r\n',
    '\0'.repeat(1_000),
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX: ' + 'y'.repeat(100_000),
  ]

  it.each(garbage.map((bytes) => [bytes.slice(0, 20), bytes]))(
    'gets no answer of its own and takes none away: %j',
    async (_, bytes) => {
      const { lifecycle, port, executed } = await startCounted()
      const client = await openRaw(port, { allowHalfOpen: true })
      const stopped = lifecycle.shutdown()
      client.send(request())
      await client.sees('done')
      client.send(bytes)
      expectDone(await stopped)
      await sleep(50)
      expect(executed()).toBe(1)
      expect(count(client.received(), 'HTTP/1.1 ')).toBe(1)
      leave([client])
    },
  )

  it.each(garbage.map((bytes) => [bytes.slice(0, 20), bytes]))(
    'that came together with the request gets at most one answer: %j',
    async (_, bytes) => {
      const { lifecycle, port, executed } = await startCounted()
      const clients = await openHalf(port, 10)
      const stopped = lifecycle.shutdown()
      for (const client of clients) client.send(request() + bytes)
      expectDone(await stopped)
      await sleep(50)
      for (const { received } of clients) expect(count(received(), 'HTTP/1.1 ')).toBeLessThan(2)
      expect(executed()).toBeLessThanOrEqual(10)
      leave(clients)
    },
  )
})

describe.concurrent('a TLS handshake that is never finished', () => {
  // The beginning of a ClientHello that announces more than it sends.
  const hello = Buffer.from('1603010200010001fc0303', 'hex')

  it('is not waited for, whether nothing came or half of it', async () => {
    const server = createTlsServer((_, response) => response.end('done'))
    const { lifecycle, port } = await start(() => {}, { drain: farDrain }, server)
    const clients = await openHalf(port, 20)
    for (const { socket } of clients.slice(0, 10)) socket.write(hello)
    await sleep(100)
    expectDone(await lifecycle.shutdown())
    expect(answersOf(clients)).toBe(0)
    leave(clients)
  })
})

describe.concurrent('a peer of HTTP/2 that ignores GOAWAY', () => {
  async function startHttp2(
    drain: DrainOptions,
    onStream: (stream: ServerHttp2Stream) => void,
  ): Promise<Counted> {
    let executed = 0
    const server = createHttp2Server()
    server.on('stream', (stream) => {
      executed += 1
      stream.on('error', () => {})
      onStream(stream)
    })
    return { ...(await start(() => {}, { drain }, server)), executed: () => executed }
  }

  const answerLater = (stream: ServerHttp2Stream): void => {
    setTimeout(() => {
      if (stream.destroyed) return
      stream.respond({ ':status': 200 })
      stream.end('done')
    }, 300)
  }

  async function openPeers({ port, executed }: Counted): Promise<FrameClient[]> {
    const peers = await Promise.all(
      Array.from({ length: 10 }, () => openFrames(port, { allowHalfOpen: true })),
    )
    for (const peer of peers) peer.ask(1)
    await Promise.all(peers.map((peer) => peer.sees('settings')))
    while (executed() < 10) await sleep(10)
    return peers
  }

  it('and opens streams for ever has none of them executed, and is not waited for', async () => {
    const server = await startHttp2(farDrain, answerLater)
    const { lifecycle, executed } = server
    const peers = await openPeers(server)
    const stopped = lifecycle.shutdown()
    await Promise.all(peers.map((peer) => peer.sees('goaway')))
    let id = 1
    const report = await during(stopped, () => {
      id += 2
      for (const peer of peers) if (!peer.socket.destroyed) peer.ask(id)
    })
    expectDone(report)
    expect(report.completed).toBe(10)
    expect(executed()).toBe(10)
    leave(peers)
  })

  it('and keeps its stream open for ever is cut at the deadline, and each stream counted', async () => {
    const server = await startHttp2(nearDrain, (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('begin')
    })
    const { lifecycle, executed } = server
    const peers = await openPeers(server)
    const stopped = lifecycle.shutdown()
    await Promise.all(peers.map((peer) => peer.sees('goaway')))
    let id = 1
    const report = await during(stopped, () => {
      id += 2
      for (const peer of peers) if (!peer.socket.destroyed) peer.ask(id)
    })
    expectCut(report, 10)
    expect(executed()).toBe(10)
    leave(peers)
  })
})

describe.concurrent('a WebSocket that floods and ignores the close', () => {
  const upgrade = request(
    '/',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  )
  const goingAway = '\x88\x0c\x03\xe9going away'
  // A masked text frame of one byte.
  const frame = Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61])
  const flood = Buffer.concat(Array.from({ length: 1_000 }, () => frame))

  it('is cut soon, counted, and echoed nothing after the close', async () => {
    const { lifecycle, port, server } = await start(() => {}, { drain: farDrain })
    const sockets = new WebSocketServer({ server } as never)
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    const clients = await openHalf(port, 5)
    for (const client of clients) client.send(upgrade)
    await Promise.all(clients.map((client) => client.sees('101')))
    const report = await during(lifecycle.shutdown(), () => {
      for (const { socket } of clients) {
        if (!socket.destroyed && socket.writableLength < 1_000_000) socket.write(flood)
      }
    })
    expect(report).toMatchObject({ outcome: 'clean', forced: 5, unresponsive: 5 })
    expect(report.durationMs).toBeLessThan(20_000)
    expect(clients.filter(({ received }) => received().endsWith(goingAway))).toHaveLength(5)
    leave(clients)
  })
})
