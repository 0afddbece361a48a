import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'

/** A small real server: an instance of a release, which names itself in its answers. */
export interface Backend {
  readonly instance: { readonly id: string; readonly address: string }
  /** How many requests have reached it. */
  readonly asked: number
  /** Answers from now on with this status. */
  answerWith(status: number): void
  /** Holds answers back from now on, until the returned function is called. */
  hold(): () => void
  /** Resolves as soon as it holds so many requests. */
  untilHeld(count: number): Promise<void>
  /** Refuses connections from now on. */
  close(): Promise<void>
}

/** The header in which a backend names its release. */
export const RELEASE_HEADER = 'x-release'

export interface BackendIdentity {
  readonly id: string
  readonly release: string
}

/** Starts a backend on a port of `host`; on a free one where none is given. */
export async function startBackend(
  { id, release }: BackendIdentity,
  host: string,
  port = 0,
): Promise<Backend> {
  const held = new Set<ServerResponse>()
  let holding = false
  let status = 200
  let asked = 0

  const answer = (response: ServerResponse): void => {
    held.delete(response)
    response.writeHead(status, { [RELEASE_HEADER]: release }).end(id)
  }
  const server = createServer((_request, response) => {
    asked += 1
    if (!holding) return answer(response)
    held.add(response)
    response.once('close', () => held.delete(response))
    server.emit('held')
  })
  const address = await listen(server, host, port)
  return {
    instance: { id, address },
    get asked() {
      return asked
    },
    answerWith(next) {
      status = next
    },
    hold() {
      holding = true
      return () => {
        holding = false
        held.forEach(answer)
      }
    },
    async untilHeld(count) {
      while (held.size < count) await once(server, 'held')
    },
    async close() {
      server.closeAllConnections()
      await closeSockets(server)
    },
  }
}

/** Starts to listen, and gives the address. */
export async function listen(server: Server, host: string, port = 0): Promise<string> {
  await once(server.listen(port, host), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

/** Cuts these connections, and resolves when nobody listens any more. */
export async function closeSockets(server: Server, sockets: Iterable<Socket> = []): Promise<void> {
  for (const socket of sockets) socket.destroy()
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  await closed
}
