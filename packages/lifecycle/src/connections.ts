import { Server as PlainServer } from 'node:http'
import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2'
import { Server as SecureServer } from 'node:https'
import { Server as TcpServer } from 'node:net'
import type { Socket } from 'node:net'
import { Server as TlsServer, TLSSocket } from 'node:tls'

import { refuse } from './lifecycle-error.ts'
import type { LifecycleError } from './lifecycle-error.ts'
import { openSockets } from './node-internals.ts'
import { createVacancy } from './vacancy.ts'

/** A server that a lifecycle can drain. */
export type HttpServer = PlainServer | SecureServer | Http2Server | Http2SecureServer

/**
 * The open connections of one server. Costs one listener per connection and none per request, so that a server that is not
 * draining runs at full speed.
 */
export interface Connections {
  readonly server: HttpServer
  /** The event that tells of a connection that can carry requests. */
  readonly opening: 'connection' | 'secureConnection'
  /** Connections that can carry requests: of an https server, those whose handshake is over. */
  readonly sockets: ReadonlySet<Socket>
  /** Resolves when none of them is open. */
  readonly empty: () => Promise<void>
  /** TCP connections of an https server whose handshake is not over. */
  readonly handshakes: () => Socket[]
  /** HTTP/2 sessions. */
  readonly sessions: ReadonlySet<ServerHttp2Session>
  /** Whether a connection carries an HTTP/2 session. */
  readonly carriesSession: (socket: Socket) => boolean
  /** Stops looking. */
  readonly release: () => void
}

/**
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_SERVER_INVALID`
 */
export function trackConnections(server: HttpServer): Connections {
  const http2 = isHttp2Server(server)
  if (!http2 && !isHttp1Server(server)) throw invalidServer(server)
  const secure = server instanceof TlsServer
  const opening = secure ? 'secureConnection' : 'connection'
  const sockets = new Set<Socket>(openSockets(server))
  const vacancy = createVacancy(() => sockets.size)
  const sessions = new Set<ServerHttp2Session>()
  const handshakes = new Map<string, { socket: Socket; forget: () => void }>()

  // One function for all sockets, and `on` instead of `once`: a closure each would cost memory on every idle connection.
  function forget(this: Socket): void {
    sockets.delete(this)
    vacancy.left()
  }

  function open(socket: Socket): void {
    if (secure) endShake(socket)
    sockets.add(socket)
    socket.on('close', forget)
  }

  // Only where it is needed: a socket that was asked for its peer keeps the answer.
  function endShake(socket: Socket): void {
    const peer = peerOf(socket)
    if (peer !== undefined) handshakes.get(peer)?.forget()
  }

  function shake(socket: Socket): void {
    const peer = peerOf(socket)
    if (peer === undefined) return
    const forgetHandshake = (): void => {
      socket.removeListener('close', forgetHandshake)
      handshakes.delete(peer)
    }
    handshakes.set(peer, { socket, forget: forgetHandshake })
    socket.once('close', forgetHandshake)
  }

  function openSession(session: ServerHttp2Session): void {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  }

  for (const socket of sockets) socket.on('close', forget)
  server.on(opening, open)
  if (secure) server.on('connection', shake)
  if (http2) server.on('session', openSession)

  return {
    server,
    opening,
    sockets,
    empty: vacancy.empty,
    handshakes: () => [...handshakes.values()].map(({ socket }) => socket),
    sessions,
    carriesSession: (socket) => http2 && (!secure || isOfHttp2(socket)),
    release: () => {
      server.removeListener(opening, open)
      server.removeListener('connection', shake)
      if (http2) server.removeListener('session', openSession)
    },
  }
}

function isHttp1Server(server: unknown): boolean {
  return server instanceof PlainServer || server instanceof SecureServer
}

// The classes of node:http2 are not exported.
function isHttp2Server(server: HttpServer): server is Http2Server | Http2SecureServer {
  return server instanceof TcpServer && typeof Reflect.get(server, 'updateSettings') === 'function'
}

function isOfHttp2(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === 'h2'
}

/**
 * What a TCP socket and the TLS socket over it have in common, by documented means; `undefined` for a Unix socket or for a
 * peer that left.
 */
function peerOf({ remoteAddress, remotePort, localPort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localPort}`
}

function invalidServer(value: unknown): LifecycleError {
  return refuse('CHANGEOVER_LIFECYCLE_SERVER_INVALID', { type: typeof value })
}
