import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { type Front, httpFront } from './http-server.ts'
import { http2Front } from './http2-server.ts'
import type { RequestHandler } from './inbound.ts'
import type { Settings } from './options.ts'
import type { StallWatch } from './stall-watch.ts'
import { checkIdentity, type TlsIdentity, type TlsOptions } from './tls-options.ts'

/** Serves HTTPS. */
export interface SecureFront extends Front {
  /**
   * New connections get this identity; those that there are go on.
   *
   * @throws ChangeoverError `CHANGEOVER_ROUTER_TLS_INVALID`
   */
  renew(identity: TlsIdentity): void
}

/** What serves a connection once hands were shaken. */
export interface SecureParts {
  readonly handle: RequestHandler
  readonly stalls: StallWatch
}

/** Shakes hands, and has HTTP/2 or HTTP/1 served as the client chose. */
export function secureFront(
  service: string,
  tls: TlsOptions,
  settings: Settings,
  { handle, stalls }: SecureParts,
): SecureFront {
  const http1 = httpFront(settings, handle)
  const http2 = http2Front(settings, handle)
  const server = tlsServer(service, tls, settings)
  /** By the client's address, since Node does not say which connection a handshake was about. */
  const shaking = new Map<string, Socket>()
  let ended = false

  server.on('secureConnection', (socket) => {
    shaking.delete(clientOf(socket))
    // Errors of its own have nothing to say that its end does not.
    socket.on('error', () => undefined)
    stalls.add(socket)
    if (ended) socket.destroy()
    else if (socket.alpnProtocol === 'h2') http2.accept(socket)
    else http1.accept(socket)
  })
  server.on('tlsClientError', (error, socket) => {
    settings.logger.debug({ service, err: error }, 'no handshake')
    socket.destroy()
  })

  return {
    accept(socket) {
      const client = clientOf(socket)
      shaking.set(client, socket)
      socket.once('close', () => shaking.delete(client))
      server.emit('connection', socket)
    },
    end() {
      ended = true
      for (const socket of shaking.values()) socket.destroy()
      http1.end()
      http2.end()
    },
    cut: () => http1.cut() + http2.cut(),
    renew(identity) {
      server.setSecureContext({
        ...checkIdentity(service, identity),
        minVersion: tls.minVersion ?? 'TLSv1.2',
      })
    },
  }
}

function tlsServer(service: string, tls: TlsOptions, { timeouts }: Settings): Server {
  return createServer({
    ...checkIdentity(service, tls),
    minVersion: tls.minVersion ?? 'TLSv1.2',
    ALPNProtocols: tls.http2 === false ? ['http/1.1'] : ['h2', 'http/1.1'],
    handshakeTimeout: timeouts.headMs,
  })
}

function clientOf({ remoteAddress, remotePort }: Socket | TLSSocket): string {
  return `${remoteAddress} ${remotePort}`
}
