import type { ExchangeContext } from '../exchange.ts'
import type { Front } from '../http-server.ts'
import { sweeper } from './sweeper.ts'
import type { ClientLimits, WireClient, WireService } from './wire-client.ts'
import { acceptPlain, endPlain, timeOut } from './wire-connection.ts'

/**
 * Serves what is plain HTTP/1.1 by a strict reading of its own, at a fraction of the cost of `node:http`. A connection
 * on which anything else comes, however slightly unusual, goes to `slow` before any of that was acted upon.
 */
export function wireFront(context: ExchangeContext, limits: ClientLimits, slow: Front): Front {
  const clients = new Set<WireClient>()
  const service: WireService = { context, limits, slow, clients, ended: false }
  const { headMs, requestMs, keepAliveMs } = limits
  const sweep = sweeper([headMs, requestMs, keepAliveMs], (now) => {
    for (const client of clients) if (now >= client.dueAt) timeOut(client)
    if (clients.size === 0) sweep.stop()
  })
  return {
    accept(socket) {
      acceptPlain(service, socket)
      sweep.start()
    },
    end() {
      if (service.ended) return
      service.ended = true
      for (const client of clients) endPlain(client)
      slow.end()
    },
    cut() {
      const left = clients.size
      for (const { socket } of clients) socket.destroy()
      sweep.stop()
      return left + slow.cut()
    },
  }
}
