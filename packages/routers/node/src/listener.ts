import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { formatUrl } from './address.ts'
import type { ListenerOptions, Settings } from './options.ts'
import { routerError } from './router-error.ts'

/** Gets each request when it is its turn on its connection. `expects`: the client waits for 100 Continue. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  expects: boolean,
) => void

/** The socket on which one service is served. */
export interface Listener {
  /** Where it listens; undefined before and after. */
  readonly url: () => string | undefined
  /** @throws ChangeoverError `CHANGEOVER_ROUTER_LISTEN_FAILED` */
  listen(): Promise<void>
  /** Accepts nothing more, and lets the answers under way end. Resolves when the last connection is closed. */
  close(): Promise<void>
  /** Cuts what is left. Returns how many connections that were. */
  cut(): number
}

/** A client's connection. */
interface Connection {
  /** A request of it is being answered. */
  busy: boolean
  /** Requests that wait for the answers ahead of them. */
  waiting: number
}

/** Beyond this nobody pipelines who wants to be answered. */
const MAX_WAITING = 100

/** A listener for `service`, not listening yet. */
export function listener(
  service: string,
  options: Required<ListenerOptions>,
  settings: Settings,
  handle: RequestHandler,
): Listener {
  const server = httpServer(settings)
  const connections = new Map<Socket, Connection>()
  let closed: Promise<void> | undefined

  const take = (expects: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const connection = connections.get(socket)
    if (!connection) return
    const begin = (): void => {
      connection.busy = true
      response.once('close', () => {
        connection.busy = false
        if (closed) socket.destroySoon()
      })
      handle(request, response, expects)
    }
    if (response.socket) begin()
    else wait(connection, socket, response, begin)
  }

  server.on('request', take(false))
  server.on('checkContinue', take(true))
  server.on('connect', refuseTunnel)
  server.on('error', (error) => settings.logger.error({ service, err: error }, 'listener failed'))
  server.on('connection', (socket) => {
    connections.set(socket, { busy: false, waiting: 0 })
    socket.once('close', () => connections.delete(socket))
  })

  return {
    url: () => urlOf(server, options.host),
    listen: () => opened(server, service, options),
    close: () => (closed ??= drained(server, connections)),
    cut() {
      const left = connections.size
      for (const socket of connections.keys()) socket.destroy()
      return left
    },
  }
}

/**
 * A pipelined request has no socket to answer to before the answers ahead of it are out, and would not be told if that
 * socket broke. It waits for its turn, so that it is counted from when it can end.
 */
function wait(
  connection: Connection,
  socket: Socket,
  response: ServerResponse,
  begin: () => void,
): void {
  connection.waiting += 1
  if (connection.waiting > MAX_WAITING) {
    socket.destroy()
    return
  }
  response.once('socket', () => {
    connection.waiting -= 1
    begin()
  })
}

function httpServer({ timeouts, limits }: Settings): Server {
  const server = createServer({
    noDelay: true,
    maxHeaderSize: limits.headBytes,
    headersTimeout: timeouts.headMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    // How often Node looks for requests that take too long.
    connectionsCheckingInterval: Math.min(30_000, Math.max(100, timeouts.headMs / 4)),
  })
  // The bytes of a head are limited; a limit on its lines would silently drop those beyond.
  server.maxHeadersCount = 0
  return server
}

async function opened(
  server: Server,
  service: string,
  { host, port }: Required<ListenerOptions>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const problem = error.code ?? error.message
      reject(
        routerError('CHANGEOVER_ROUTER_LISTEN_FAILED', { service, host, port, problem }, error),
      )
    }
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

function urlOf(server: Server, host: string): string | undefined {
  const address = server.address()
  return address !== null && typeof address === 'object' ? formatUrl(host, address.port) : undefined
}

/** Connections between two requests, and those that never sent one, would otherwise hold the end up until they time out. */
function drained(server: Server, connections: ReadonlyMap<Socket, Connection>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    for (const [socket, { busy }] of connections) if (!busy) socket.destroy()
  })
}

function refuseTunnel(_request: IncomingMessage, socket: Duplex): void {
  // Node has let go of the socket, so its errors would be nobody's.
  socket.on('error', () => socket.destroy())
  const head = 'HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
  socket.end(head, () => socket.destroy())
}
