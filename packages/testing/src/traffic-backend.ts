import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'

/** A small real server: an instance of a release, which names itself in its answers. */
export interface Backend {
  readonly instance: { readonly id: string; readonly address: string }
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

/** Starts a backend on a free port of `host`. */
export async function startBackend(
  { id, release }: BackendIdentity,
  host: string,
): Promise<Backend> {
  const held = new Set<ServerResponse>()
  let holding = false
  let status = 200

  const answer = (response: ServerResponse): void => {
    held.delete(response)
    response.writeHead(status, { [RELEASE_HEADER]: release }).end(id)
  }
  const server = createServer((_request, response) => {
    if (!holding) return answer(response)
    held.add(response)
    response.once('close', () => held.delete(response))
    server.emit('held')
  })
  const address = await listen(server, host)
  return {
    instance: { id, address },
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
    close: () => close(server),
  }
}

async function listen(server: Server, host: string): Promise<string> {
  await once(server.listen(0, host), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
