import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import { createHttpTerminator } from 'http-terminator'

/** The last resort: destroys connections. */
export interface Terminator {
  /** Resolves when nothing is left to destroy. Never rejects. */
  readonly terminate: (sockets: readonly Socket[]) => Promise<void>
}

/**
 * Wraps `http-terminator`, for the hard deadline alone. Before that it would do harm: it resets newcomers, destroys half-sent
 * requests and handshakes, and closes the listener last.
 *
 * So it is given a server that never listens, and hears of connections only when it shall destroy them: what it knows of a
 * connection costs half a kilobyte, which is a lot for millions of idle connections that never meet a deadline.
 */
export function createTerminator(): Terminator {
  const standIn = createServer().removeAllListeners('connection')
  const terminator = createHttpTerminator({ server: standIn, gracefulTerminationTimeout: 1 })
  return {
    terminate: async (sockets) => {
      for (const socket of sockets) standIn.emit(openingOf(socket), socket)
      // Rejects because the listener, which it wants to close last, never listened.
      await terminator.terminate().catch(() => {})
    },
  }
}

function openingOf(socket: Socket): 'connection' | 'secureConnection' {
  return socket instanceof TLSSocket ? 'secureConnection' : 'connection'
}
