import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Reach } from './servers.ts'

/** A way to a server on which everything can stand still. */
export interface Proxy {
  readonly connection: { host: string; port: number; user: string; database: string }
  /** From now on nothing goes through, and nobody is told. */
  freeze(): void
  /** Lets new connections through; those that were frozen stay so. */
  thaw(): void
  close(): void
}

export async function startProxy({ host, user, database }: Reach): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let frozen = false
  const server = createServer((client) => {
    const upstream = connect(`${host}/.s.PGSQL.5432`)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    if (frozen) return
    client.pipe(upstream)
    upstream.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    connection: { host: '127.0.0.1', port, user, database },
    freeze() {
      frozen = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    thaw() {
      frozen = false
    },
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
