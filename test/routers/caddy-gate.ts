import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'

/** What stands between an adapter and the admin endpoint of its Caddy. */
export interface AdminGate {
  /** Calls that were passed on or refused, such as `PATCH /id/changeover-shop/handle`. */
  readonly calls: readonly string[]
  /** Says yes to changes and passes none on, until the returned function is called. */
  ignoreChanges(): () => Promise<void>
  close(): Promise<void>
}

/** Listens on a socket, and passes on to another one. */
export async function adminGate(path: string, upstream: string): Promise<AdminGate> {
  const calls: string[] = []
  let ignoring = false
  const server = createServer((incoming, answer) => {
    const { method = '', url = '' } = incoming
    calls.push(`${method} ${url}`)
    if (ignoring && method !== 'GET') {
      incoming.resume().on('end', () => answer.end())
      return
    }
    passOn(incoming, answer, upstream)
  })
  await once(server.listen(path), 'listening')
  return {
    calls,
    ignoreChanges() {
      ignoring = true
      return async () => {
        ignoring = false
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** With the trailers, in which Caddy sends the ETag. Whoever cannot be reached breaks the connection. */
function passOn(incoming: IncomingMessage, answer: ServerResponse, socketPath: string): void {
  const { method, url: path, headers } = incoming
  const sent = request({ socketPath, method, path, headers, setHost: false, agent: false })
  sent.on('error', () => answer.destroy())
  sent.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    response.on('error', () => answer.destroy())
    response.on('data', (part: Buffer) => answer.write(part))
    response.on('end', () => {
      answer.addTrailers(
        Object.entries(response.trailers).map(([name, value]): [string, string] => [
          name,
          value ?? '',
        ]),
      )
      answer.end()
    })
  })
  incoming.pipe(sent)
}
