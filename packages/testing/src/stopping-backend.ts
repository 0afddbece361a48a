import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Duplex } from 'node:stream'
import { type BackendIdentity, closeSockets, listen, RELEASE_HEADER } from './traffic-backend.ts'

/** A server that stops as an instance with a lifecycle does: it ends what is endless, finishes the rest, and is gone. */
export interface StoppingBackend {
  readonly instance: { readonly id: string; readonly address: string }
  /** Resolves when nothing is left of it. */
  stop(): Promise<void>
  /** Cuts whatever is left. */
  close(): Promise<void>
}

/** What it has to offer: a stream of events, a WebSocket at any path, and an answer that takes this long. */
export const STOPPING_PATHS = { events: '/events', slow: '/slow', socket: '/socket' } as const

/** How long its answers take. */
export interface StoppingTimes {
  readonly quickMs: number
  readonly slowMs: number
}

/** RFC 6455, 1.3: what a server proves with that it understands WebSocket. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A frame that closes a WebSocket with code 1001: its server goes away. */
export const GOING_AWAY: Buffer = Buffer.from([0x88, 0x02, 0x03, 0xe9])

/** Starts one on a free port of `host`. */
export async function stoppingBackend(
  { id, release }: BackendIdentity,
  host: string,
  { quickMs, slowMs }: StoppingTimes,
): Promise<StoppingBackend> {
  const streams = new Set<ServerResponse>()
  const sockets = new Set<Duplex>()
  // Clients such as Go's open connections that they may never use; no server counts those as idle.
  const unused = new Set<Duplex>()
  const own = { [RELEASE_HEADER]: release }
  const server = createServer((request, response) => {
    unused.delete(request.socket)
    // Node closes connections that are idle when a server closes, and not those that become so later.
    response.once('finish', () =>
      setImmediate(() => server.listening || server.closeIdleConnections()),
    )
    if (request.url === STOPPING_PATHS.events) {
      streams.add(response)
      response.once('close', () => streams.delete(response))
      response.writeHead(200, { ...own, 'content-type': 'text/event-stream' })
      return void response.write('data: hello\n\n')
    }
    const ms = request.url === STOPPING_PATHS.slow ? slowMs : quickMs
    void delay(ms).then(() => response.writeHead(200, own).end(id))
  })
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('upgrade', ({ headers }, socket: Duplex) => {
    unused.delete(socket)
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
    socket.once('end', () => socket.end())
    socket.resume()
    socket.write(switching(headers['sec-websocket-key']))
  })
  const address = await listen(server, host)
  return {
    instance: { id, address },
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const stream of streams) stream.end('data: bye\n\n')
      for (const socket of sockets) socket.end(GOING_AWAY)
      for (const socket of unused) socket.destroy()
      await closed
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await closeSockets(server)
    },
  }
}

function switching(key: string | undefined): string {
  const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64')
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  return `${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`
}
