import { urlToHttpOptions } from 'node:url'
import { type WireConnection, wireConnection, type WireRequest } from './wire-connection.ts'
import type { WireWait } from './wire-connection.ts'
import type { Exchange } from './wire-exchange.ts'

/** A client of its own: one connection at a time, one request at a time, and nothing is ever sent again. */
export interface WireClient {
  ask(request?: WireRequest, wait?: Partial<WireWait>): Promise<Exchange>
  /** The connection that the last request went out on. */
  readonly connection: WireConnection | undefined
  close(): void
}

/** What kind of client it is. */
export interface WireClientOptions {
  /** Uses its connection again as long as it can; otherwise it makes one for each request, and says so. */
  readonly keepAlive: boolean
  /** @default 10_000 */
  readonly timeoutMs?: number
}

const CLOSE = { connection: 'close' }

/** A client of the server at `url`, of which only host and port matter. */
export function wireClient(url: string, options: WireClientOptions): WireClient {
  const { keepAlive, timeoutMs = 10_000 } = options
  const { hostname, port } = urlToHttpOptions(new URL(url))
  const target = { host: hostname ?? '127.0.0.1', port: Number(port || 80) }
  let connection: WireConnection | undefined
  let connections = 0

  return {
    async ask(request = {}, wait = {}) {
      if (!connection?.usable) {
        connections += 1
        connection = wireConnection(target, connections)
      }
      const sent = keepAlive ? request : { ...request, headers: { ...CLOSE, ...request.headers } }
      const asked = connection
      const exchange = await asked.ask(sent, { timeoutMs, ...wait })
      if (!keepAlive && !asked.upgraded) asked.close()
      return exchange
    },
    get connection() {
      return connection
    },
    close: () => connection?.close(),
  }
}
