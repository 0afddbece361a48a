import type { Goodbyes, WebSocketLike } from './goodbye.ts'
import { createOccurrence } from './occurrence.ts'
import type { ServerDrain } from './server-drain.ts'
import { createSpread } from './spread.ts'

/** What is used of a `WebSocketServer` of the `ws` package; its option `clientTracking` must not be off. */
export interface WebSocketServerLike {
  readonly clients: ReadonlySet<WebSocketLike>
  readonly on: (event: 'connection', listener: (socket: WebSocketLike) => void) => unknown
  readonly off: (event: 'connection', listener: (socket: WebSocketLike) => void) => unknown
}

/** Whether a value can be drained as a `WebSocketServer` can. */
export function isWebSocketServer(value: unknown): value is WebSocketServerLike {
  if (typeof value !== 'object' || value === null) return false
  if (!(Reflect.get(value, 'clients') instanceof Set)) return false
  return ['on', 'off', 'handleUpgrade'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  )
}

/**
 * Drains the clients of a WebSocket server, wherever their sockets came from. Its listener belongs to an HTTP server; clients
 * whose connection is known from there as well are told once.
 */
export function drainWebSockets(
  server: WebSocketServerLike,
  goodbyes: Goodbyes,
  streamsMs: number,
): ServerDrain {
  const spread = createSpread(streamsMs)
  const cut = createOccurrence()

  function admit(socket: WebSocketLike): void {
    spread.add([() => goodbyes.webSocket(socket)])
  }

  async function close(): Promise<void> {
    spread.begin()
    server.on('connection', admit)
    spread.add([...server.clients].map((socket) => () => goodbyes.webSocket(socket)))
    await Promise.race([empty(), cut.happened])
    server.off('connection', admit)
    spread.stop()
  }

  async function empty(): Promise<void> {
    while (server.clients.size > 0) {
      await Promise.all([...server.clients].map(closed))
      // A server forgets a client in a listener of its own, after ours.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function force(): Promise<void> {
    for (const socket of server.clients) goodbyes.webSocket(socket)
    goodbyes.force()
    cut.happen()
  }

  let finished: Promise<void> | undefined
  return {
    close: () => (finished ??= close()),
    hasten: spread.hasten,
    force,
    counts: () => ({ completed: 0, unresponsive: 0, refused: 0, forced: 0 }),
  }
}

function closed(socket: WebSocketLike): Promise<void> {
  return new Promise((resolve) => socket.once('close', resolve))
}
