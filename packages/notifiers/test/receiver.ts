import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { NotifierMessage } from '../src/index.ts'

export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly message: NotifierMessage
}

/** What the receiver does with request number `n`, from 0 on. */
export type Reaction = (response: ServerResponse, n: number) => void

export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** Connections that are open now. */
  connections(): Promise<number>
}

export const accept: Reaction = (response) => void response.writeHead(204).end()

/** A real HTTP server that keeps what it was sent. */
export async function startReceiver(react: Reaction = accept): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void request.toArray().then((chunks: Buffer[]) => {
      const body = Buffer.concat(chunks).toString()
      const message = JSON.parse(body) as NotifierMessage
      received.push({ headers: request.headers, body, message })
      react(response, received.length - 1)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook?token=in-the-url`,
    received,
    connections: () =>
      new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
  }
}
