import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'

import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'

import { createLifecycle } from '../src/index.ts'
import type { LifecycleOptions } from '../src/index.ts'
import { listen, quick, sleep, start } from './harness.ts'
import type { Harness } from './harness.ts'
import { openRaw, request } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'

interface SocketHarness extends Harness {
  readonly sockets: WebSocketServer
}

async function startWebSockets(options: LifecycleOptions = {}): Promise<SocketHarness> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  return { ...(await start(() => {}, options, server)), sockets }
}

async function openWebSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  await once(socket, 'open')
  return socket
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = await once(socket, 'close')
  return Number(code)
}

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A client that never acknowledges a close. */
async function openRude(port: number): Promise<RawClient> {
  const client = await openRaw(port, { allowHalfOpen: true })
  client.send(request('/', upgrade))
  await client.sees('101 Switching')
  return client
}

describe.concurrent('a WebSocket', () => {
  it('is closed with 1001, also when only the HTTP server was attached', async () => {
    const { lifecycle, port } = await startWebSockets({
      drain: { ...quick, streams: 300 },
    })
    const clients = await Promise.all(Array.from({ length: 100 }, () => openWebSocket(port)))
    const codes = Promise.all(clients.map(closeCode))
    const report = await lifecycle.shutdown()
    expect(new Set(await codes)).toEqual(new Set([1001]))
    expect(report).toMatchObject({ outcome: 'clean', completed: 100, forced: 0 })
  })

  it('is closed and counted once when both servers were attached', async () => {
    const { lifecycle, port, sockets } = await startWebSockets({ drain: { ...quick, streams: 0 } })
    lifecycle.attach(sockets)
    const clients = await Promise.all([openWebSocket(port), openWebSocket(port)])
    const codes = Promise.all(clients.map(closeCode))
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 2 })
    expect(await codes).toEqual([1001, 1001])
  })

  it('is closed when its HTTP server belongs to somebody else', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    const port = await listen(server)
    const lifecycle = createLifecycle({ signals: [], drain: quick })
    lifecycle.attach(sockets)
    const client = await openWebSocket(port)
    const code = closeCode(client)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'clean', completed: 1 })
    expect(await code).toBe(1001)
    server.close()
  })

  it('of somebody else is cut at the deadline, and closed although it came late', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    const port = await listen(server)
    const lifecycle = createLifecycle({
      signals: [],
      drain: { notice: 0, quiet: 0, streams: 600, deadline: 600 },
    })
    lifecycle.attach(sockets)
    const rude = await Promise.all([openRude(port), openRude(port)])
    const stopped = lifecycle.shutdown()
    await sleep(50)
    const late = closeCode(await openWebSocket(port))
    expect(await stopped).toMatchObject({ outcome: 'forced', forced: 2, completed: 1 })
    expect(await late).toBe(1001)
    for (const client of rude) client.socket.destroy()
    server.close()
  })

  it('receives what was sent before the close', async () => {
    const { lifecycle, port, sockets } = await startWebSockets()
    const client = await openWebSocket(port)
    const received: string[] = []
    client.on('message', (data: Buffer) => received.push(data.toString()))
    for (const socket of sockets.clients) socket.send('x'.repeat(1_000_000))
    for (const socket of sockets.clients) socket.send('last')
    const code = closeCode(client)
    await lifecycle.shutdown()
    expect(await code).toBe(1001)
    expect(received.at(-1)).toBe('last')
  })

  it('still works during the notice, and new ones are let in', async () => {
    const { lifecycle, port, sockets } = await startWebSockets({
      drain: { notice: 500, quiet: 50, streams: 0, deadline: '20s' },
    })
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
    const old = await openWebSocket(port)
    const stopped = lifecycle.shutdown()
    const codes = [closeCode(old)]
    const fresh = await openWebSocket(port)
    codes.push(closeCode(fresh))
    for (const client of [old, fresh]) {
      client.send('hello')
      expect(String((await once(client, 'message'))[0])).toBe('hello')
    }
    expect(await Promise.all(codes)).toEqual([1001, 1001])
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 2 })
  })

  it('that does not acknowledge is cut soon and counted, and the outcome stays clean', async () => {
    const { lifecycle, port } = await startWebSockets({
      drain: { ...quick, streams: 0, deadline: '60s' },
    })
    const rude = await Promise.all([openRude(port), openRude(port)])
    const polite = closeCode(await openWebSocket(port))
    const report = await lifecycle.shutdown()
    expect(report).toMatchObject({ outcome: 'clean', unresponsive: 2, forced: 2, completed: 1 })
    expect(await polite).toBe(1001)
    for (const client of rude) client.socket.destroy()
  })

  it('that is not told before the deadline is counted once', async () => {
    const { lifecycle, port, sockets } = await startWebSockets({
      drain: { notice: 0, quiet: 0, streams: 400, deadline: 400 },
    })
    lifecycle.attach(sockets)
    const rude = await Promise.all([openRude(port), openRude(port), openRude(port)])
    expect(await lifecycle.shutdown()).toMatchObject({ forced: 3, completed: 0 })
    for (const client of rude) client.socket.destroy()
  })
})

async function startEcho(events: string[], options: LifecycleOptions): Promise<Harness> {
  const harness = await start(() => {}, options)
  for (const event of events) {
    harness.server.on(event, (_: unknown, socket: Duplex) => {
      socket.on('error', () => {})
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      socket.pipe(socket)
    })
  }
  return harness
}

async function openEcho(port: number, allowHalfOpen = false): Promise<RawClient> {
  const client = await openRaw(port, { allowHalfOpen })
  client.send(request('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
  await client.sees('101')
  return client
}

describe.concurrent('an upgraded connection of another protocol', () => {
  it('sees our side close after what was written, and ends cleanly', async () => {
    const { lifecycle, port } = await startEcho(['upgrade'], { drain: { ...quick, streams: 0 } })
    const client = await openEcho(port)
    client.send('still there')
    await client.sees('still there')
    const report = await lifecycle.shutdown()
    expect(await client.closed).toBe('clean')
    expect(report).toMatchObject({ outcome: 'clean', completed: 1, forced: 0 })
  })

  it('is ended as well when it was upgraded after the listener closed', async () => {
    const { lifecycle, port } = await startEcho(['upgrade'], {
      drain: { notice: 0, quiet: 500, streams: 0, deadline: '60s' },
    })
    const early = await openRaw(port)
    const stopped = lifecycle.shutdown()
    await sleep(100)
    early.send(request('/', 'Connection: Upgrade\r\nUpgrade: echo\r\n'))
    await early.sees('101')
    expect(await early.closed).toBe('clean')
    expect(await stopped).toMatchObject({ outcome: 'clean', completed: 1 })
  })

  it('is cut soon and counted when the peer stays', async () => {
    const { lifecycle, port } = await startEcho(['upgrade'], {
      drain: { ...quick, streams: 0, deadline: '60s' },
    })
    const client = await openEcho(port, true)
    expect(await lifecycle.shutdown()).toMatchObject({
      outcome: 'clean',
      unresponsive: 1,
      forced: 1,
    })
    client.socket.destroy()
  })
})

describe.concurrent('a CONNECT tunnel', () => {
  async function openTunnel(port: number): Promise<RawClient> {
    const client = await openRaw(port)
    client.send('CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n')
    await client.sees('101')
    return client
  }

  it('may carry its conversation to its end', async () => {
    const { lifecycle, port } = await startEcho(['connect'], { drain: { ...quick, streams: 0 } })
    const client = await openTunnel(port)
    const stopped = lifecycle.shutdown()
    await sleep(1_500)
    client.send('still there')
    await client.sees('still there')
    client.socket.end()
    expect(await stopped).toMatchObject({ outcome: 'clean', forced: 0 })
  })

  it('is cut at the deadline and counted', async () => {
    const { lifecycle, port } = await startEcho(['connect'], {
      drain: { notice: 0, quiet: 0, deadline: 400 },
    })
    const client = await openTunnel(port)
    expect(await lifecycle.shutdown()).toMatchObject({ outcome: 'forced', forced: 1 })
    await client.closed
  })
})
