import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { httpInbound } from './http-inbound.ts'
import type { RequestHandler } from './inbound.ts'
import type { Settings } from './options.ts'
import { followLetGo, plainHead, upgradeInbound, wantedProtocol } from './upgrade-inbound.ts'

/** Serves connections that a listener accepted. */
export interface Front {
  /** Takes a connection for the rest of its life; bytes read from it already were put back with `unshift`. */
  accept(socket: Socket): void
  /** Closes the connections between two requests now, and each other one with its answer. */
  end(): void
  /** Cuts the connections that are left. Returns how many those were. */
  cut(): number
}

/** A client's connection. */
interface Connection {
  /** A request of it is being answered, or it speaks another protocol by now. */
  busy: boolean
  /** Requests that wait for the answers ahead of them. */
  waiting: number
  /** The answer that is due first. */
  answer: ServerResponse | undefined
  /** Does what else than HTTP is asked for, behind the answers that are still due. */
  upgrade: (() => void) | undefined
}

/** Beyond this nobody pipelines who wants to be answered. */
const MAX_WAITING = 100

/** Serves HTTP/1 by Node's own parser, whatever is legal in it. */
export function httpFront(settings: Settings, handle: RequestHandler): Front {
  const server = httpServer(settings)
  const connections = new Map<Duplex, Connection>()
  let ended = false

  const take = (expects: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const connection = connections.get(socket)
    if (!connection) return
    const begin = (): void => {
      connection.busy = true
      connection.answer = response
      response.once('close', () => {
        connection.busy = false
        if (ended) socket.destroySoon()
        else if (connection.waiting === 0 && !socket.destroyed) connection.upgrade?.()
      })
      handle(httpInbound(request, response, expects))
    }
    if (response.socket) begin()
    else wait(connection, socket, response, begin)
  }

  const upgrade = (request: IncomingMessage, socket: Duplex, sent: Buffer): void =>
    afterAnswers(connections.get(socket), socket, (connection) => {
      const protocol = wantedProtocol(request, settings.upgrades.protocols)
      if (protocol === undefined) {
        socket.unshift(Buffer.concat([plainHead(request), sent]))
        server.emit('connection', socket)
        return
      }
      connection.busy = true
      handle(upgradeInbound(request, sent, protocol))
    })

  server.on('request', take(false))
  server.on('checkContinue', take(true))
  server.on('upgrade', upgrade)
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    afterAnswers(connections.get(socket), socket, () => refuseTunnel(socket)),
  )

  return {
    accept(socket) {
      connections.set(socket, { busy: false, waiting: 0, answer: undefined, upgrade: undefined })
      socket.once('close', () => connections.delete(socket))
      server.emit('connection', socket)
    },
    end() {
      if (ended) return
      ended = true
      server.close()
      // Connections that never sent a request would otherwise hold the end up until they time out.
      for (const [socket, { busy }] of connections) if (!busy) socket.destroy()
    },
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

/** Begins what is no request of HTTP. Node has let go of `socket` already, though answers may still be written to it. */
function afterAnswers(
  connection: Connection | undefined,
  socket: Duplex,
  begin: (connection: Connection) => void,
): void {
  if (!connection) return
  if (!connection.busy && connection.waiting === 0) return begin(connection)
  const release = followLetGo(socket, () => connection.answer)
  connection.upgrade = () => {
    connection.upgrade = undefined
    release()
    begin(connection)
  }
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
  // It never listens itself, but Node enforces its time limits only from this event on.
  server.emit('listening')
  return server
}

function refuseTunnel(socket: Duplex): void {
  // Node has let go of the socket, so its errors would be nobody's.
  socket.on('error', () => socket.destroy())
  const head = 'HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
  socket.end(head, () => socket.destroy())
}
