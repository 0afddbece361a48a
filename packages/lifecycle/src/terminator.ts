import type { Server as PlainServer } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { Server as TcpServer } from 'node:net'

import { createHttpTerminator } from 'http-terminator'

import type { HttpServer } from './connections.ts'

/** The last resort: destroys every connection of one server. */
export interface Terminator {
  /** Resolves when nothing is left to destroy. Never rejects. */
  readonly terminate: () => Promise<void>
}

/**
 * Wraps `http-terminator`, which must exist before the first connection since it only knows those it saw open.
 *
 * It is used at the hard deadline alone. Before that it would do harm: it resets newcomers, destroys half-sent requests and
 * handshakes, and closes the listener last. So the drain closes the listener itself, and the terminator finds it closed.
 */
export function createTerminator(server: HttpServer): Terminator {
  if (!isTerminable(server)) return { terminate: () => Promise.resolve() }
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 1 })
  return {
    terminate: async () => {
      // Rejects because the listener, which it wants to close last, is closed already.
      await terminator.terminate().catch(() => {})
    },
  }
}

// It uses of a server what those of node:http2 have as well, against its types.
function isTerminable(server: HttpServer): server is PlainServer | SecureServer {
  return server instanceof TcpServer
}
