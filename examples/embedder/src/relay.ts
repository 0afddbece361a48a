import { type IncomingMessage, request as ask, type ServerResponse } from 'node:http'

/** A request whose body was read, and where its answer goes. */
export interface Relay {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
}

/**
 * Lets the instance at `address` answer. Resolves with the status that the client got, or with undefined where nobody was
 * there and nothing was answered: then another one may.
 */
export function relay(
  { request, response, body }: Relay,
  address: string,
): Promise<number | undefined> {
  const { method = 'GET', url: path = '/', headers } = request
  const { hostname: host, port } = new URL(`http://${address}`)
  return new Promise((resolve) => {
    const upstream = ask({ host, port, path, method, headers, agent: false }, (answer) => {
      const status = answer.statusCode ?? 502
      // What the instance says about its own connection is not for the client.
      const { connection: _, ...passed } = answer.headers
      response.writeHead(status, passed)
      answer.pipe(response)
      answer.once('error', () => response.destroy())
      response.once('close', () => resolve(response.writableFinished ? status : 502))
    })
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') return resolve(undefined)
      if (!response.headersSent) response.writeHead(502).end()
      resolve(502)
    })
    upstream.end(body)
  })
}
