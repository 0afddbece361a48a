import { Server as PlainServer } from 'node:http'
import { Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'

import { LifecycleError } from './lifecycle-error.ts'
import { openSockets } from './node-internals.ts'

/** A server that a lifecycle can drain. */
export type HttpServer = PlainServer | SecureServer

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
  /** TCP connections of an https server whose handshake is not over. */
  readonly handshakes: () => Socket[]
  /** Stops looking. */
  readonly release: () => void
}

/**
 * @throws LifecycleError `CHANGEOVER_LIFECYCLE_SERVER_INVALID`
 */
export function trackConnections(server: HttpServer): Connections {
  const secure = server instanceof SecureServer
  if (!secure && !(server instanceof PlainServer)) throw invalidServer(server)
  const opening = secure ? 'secureConnection' : 'connection'
  const sockets = new Set<Socket>(openSockets(server))
  const handshakes = new Map<string, { socket: Socket; forget: () => void }>()

  // One function for all sockets, and `on` instead of `once`: a closure each would cost memory on every idle connection.
  function forget(this: Socket): void {
    sockets.delete(this)
  }

  function open(socket: Socket): void {
    const peer = peerOf(socket)
    if (secure && peer !== undefined) handshakes.get(peer)?.forget()
    sockets.add(socket)
    socket.on('close', forget)
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

  for (const socket of sockets) socket.on('close', forget)
  server.on(opening, open)
  if (secure) server.on('connection', shake)

  return {
    server,
    opening,
    sockets,
    handshakes: () => [...handshakes.values()].map(({ socket }) => socket),
    release: () => {
      server.removeListener(opening, open)
      server.removeListener('connection', shake)
    },
  }
}

/**
 * What a TCP socket and the TLS socket over it have in common, by documented means; `undefined` for a Unix socket or for a
 * peer that left.
 */
function peerOf({ remoteAddress, remotePort, localPort }: Socket): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localPort}`
}

function invalidServer(value: unknown): LifecycleError {
  return new LifecycleError(
    'CHANGEOVER_LIFECYCLE_SERVER_INVALID',
    `attach got a value of type ${typeof value} that is no node:http or node:https server: its ` +
      'connections cannot be drained, so a SIGTERM would drop their requests. Pass what http.createServer or ' +
      'https.createServer returned (a framework usually holds it as app.server, or returns it from listen()).',
  )
}
