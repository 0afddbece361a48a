import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import {
  type AddressInfo,
  connect,
  createServer as createRawServer,
  type Server,
  type Socket,
} from 'node:net'
import type { RouteTable } from '@changeover/engine'
import type { RouterSubject } from '@changeover/testing'

/** The subject, with somebody between its clients and its router who cuts all connections whenever a table is applied. */
export async function cuttingFront(subject: RouterSubject): Promise<RouterSubject> {
  const sockets = new Set<Socket>()
  const { hostname, port } = new URL(subject.url ?? '')
  const server = createRawServer((client) => {
    const router = connect({ host: hostname, port: Number(port) })
    for (const socket of [client, router]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        router.destroy()
      })
    }
    client.pipe(router).pipe(client)
  })
  const url = await listening(server)
  const { router, close } = subject
  return {
    ...subject,
    url,
    router: {
      ...router,
      async apply(table, options) {
        const receipt = await router.apply(table, options)
        for (const socket of sockets) socket.destroy()
        return receipt
      },
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await close()
    },
  }
}

/** What a simple proxy does wrong. */
export type ProxyFault =
  /** It passes errors on, where it could have sent a GET again. */
  | 'never-again'
  /** It sends everything again, however often. */
  | 'always-again'
  /** It ends an answer properly whose instance has died. */
  | 'ends-well'
  /** It goes on when its client has gone. */
  | 'goes-on'
  /** It asks nobody for a second after an instance has failed. */
  | 'offended'

const OFFENDED_MS = 1_000

/** The subject, where a simple proxy serves requests in place of its router: it knows but the first instance of each table. */
export async function simpleProxy(
  subject: RouterSubject,
  fault: ProxyFault,
): Promise<RouterSubject> {
  const { router, close } = subject
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let instances: readonly { readonly address: string }[] = []
  let turn = 0
  let offendedUntil = 0

  function forward(
    asked: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
    left: number,
  ): void {
    turn += 1
    const target = instances[turn % instances.length]
    if (!target || performance.now() < offendedUntil) return void answer.writeHead(502).end()
    const { method, headers, url: path } = asked
    const sent = request(`http://${target.address}${path}`, { agent, method, headers })
    sent.on('response', (response) => relay(response, answer, fault))
    sent.on('error', () => {
      if (fault === 'offended') offendedUntil = performance.now() + OFFENDED_MS
      if (answer.headersSent) return answer.destroy()
      if (fault === 'always-again' && left > 0) return forward(asked, body, answer, left - 1)
      return answer.writeHead(502).end()
    })
    if (fault !== 'goes-on') answer.once('close', () => answer.writableFinished || sent.destroy())
    sent.end(body)
  }
  const server = createServer((asked, answer) => {
    const parts: Buffer[] = []
    asked.on('data', (part: Buffer) => parts.push(part))
    asked.on('end', () => forward(asked, Buffer.concat(parts), answer, 3))
  })
  const url = await listening(server)
  return {
    ...subject,
    url,
    router: {
      ...router,
      apply(table: RouteTable, options) {
        instances = table.pools.flatMap((pool) => (pool.weight > 0 ? pool.instances : []))
        return router.apply(table, options)
      },
    },
    async close() {
      agent.destroy()
      server.close()
      server.closeAllConnections()
      await close()
    },
  }
}

function relay(response: IncomingMessage, answer: ServerResponse, fault: ProxyFault): void {
  answer.writeHead(response.statusCode ?? 502, response.headers)
  response.on('data', (part) => answer.write(part))
  response.on('end', () => answer.end())
  response.on('error', () => (fault === 'ends-well' ? answer.end() : answer.destroy()))
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
