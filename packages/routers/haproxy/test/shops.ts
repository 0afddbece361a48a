import { once } from 'node:events'
import { Agent, createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RouteTable } from '@changeover/engine'

/** Real servers, one for each release, and tables for them. */
export interface Shops {
  readonly table: (revision: number, weights: Readonly<Record<string, number>>) => RouteTable
  /** The release that answers a request, or the status where none did; rejects where there is no answer. */
  readonly ask: (headers?: Readonly<Record<string, string>>, url?: string) => Promise<string>
  /** Holds the answers of a release back from now on, until the returned function is called. */
  readonly hold: (release: string) => () => void
  /** Resolves as soon as it holds an answer back. */
  readonly untilHeld: (release: string) => Promise<void>
  /** Asks all the time, on a few connections that are used again, until `stop` is called. */
  readonly load: (ask: () => Promise<string>) => Load
  readonly close: () => Promise<void>
}

/** Requests that are sent all the time. */
export interface Load {
  /** What those came to that got no answer, or none of a shop. */
  readonly failures: readonly string[]
  readonly answered: () => number
  readonly stop: () => Promise<void>
}

const WORKERS = 6

export async function startShops(releases: readonly string[]): Promise<Shops> {
  const held = new Map<string, (() => void)[]>()
  const agent = new Agent({ keepAlive: true })
  const servers = await Promise.all(
    releases.map(async (release): Promise<[string, Server]> => {
      const server = createServer((_request, response) => {
        const answer = (): void => void response.setHeader('x-release', release).end(release)
        const waiting = held.get(release)
        if (!waiting) return answer()
        waiting.push(answer)
        server.emit('held')
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      return [release, server]
    }),
  )
  const addresses = new Map(
    servers.map(([release, server]) => [
      release,
      `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ]),
  )
  return {
    table: (revision, weights) => ({
      service: 'shop',
      revision,
      fence: 1,
      pools: Object.entries(weights).map(([release, weight]) => ({
        release,
        weight,
        instances: [{ id: `${release}-1`, address: addresses.get(release)! }],
      })),
    }),
    ask: (headers = {}, url = '') =>
      new Promise((resolve, reject) => {
        get(url, { agent, headers }, (response) => {
          const release = response.headers['x-release']
          response.resume().on('error', reject)
          response.on('end', () => resolve(String(release ?? response.statusCode)))
        }).on('error', reject)
      }),
    hold(release) {
      held.set(release, [])
      return () => {
        const waiting = held.get(release) ?? []
        held.delete(release)
        for (const answer of waiting) answer()
      }
    },
    async untilHeld(release) {
      const [, server] = servers.find(([name]) => name === release)!
      while (held.get(release)?.length === 0) await once(server, 'held')
    },
    load,
    async close() {
      agent.destroy()
      for (const [, server] of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

function load(ask: () => Promise<string>): Load {
  const failures: string[] = []
  const over = new AbortController()
  let answered = 0
  const work = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await ask().catch(String)
      answered += 1
      if (answer.length > 1) failures.push(answer)
    }
  }
  const workers = Promise.all(Array.from({ length: WORKERS }, work))
  return {
    failures,
    answered: () => answered,
    async stop() {
      over.abort()
      await workers
    },
  }
}
