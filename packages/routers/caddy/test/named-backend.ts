import { once } from 'node:events'
import { createServer } from 'node:http'

/** An instance that names its release, and accepts WebSockets. */
export interface NamedBackend {
  readonly release: string
  readonly address: string
  close(): Promise<void>
}

/** Starts one on any free port. */
export async function namedBackend(release: string): Promise<NamedBackend> {
  const sockets = new Set<{ destroy: () => void }>()
  const server = createServer((_, answer) => answer.setHeader('x-release', release).end())
  server.on('upgrade', (_, socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  return {
    release,
    address: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}
