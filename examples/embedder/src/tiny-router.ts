import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import {
  acceptRouteTable,
  type Router,
  type RouterCapabilities,
  type RouteTable,
  staleTable,
} from '@changeover/engine'
import { createFlights } from './flights.ts'
import { listen } from './listen.ts'
import { relay } from './relay.ts'
import { weightedChoice } from './weighted-choice.ts'

/** A reverse proxy of one service, in this process. */
export interface TinyRouter extends Router {
  /** Opens a port. @returns where clients reach the service */
  listen(): Promise<string>
  close(): Promise<void>
}

/** What is not named here (rules, affinity, mirrors) the engine refuses to plan with. */
const CAPABILITIES: RouterCapabilities = { inFlight: true, proof: 'observed' }

/** The router as the engine sees it: a plain object. */
export function tinyRouter(service: string): TinyRouter {
  const flights = createFlights()
  const counts: Record<string, { total: number; bad: number }> = {}
  let table: RouteTable | undefined
  let choose = weightedChoice([])
  const server = createServer((request, response) => void forward(request, response))

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request).catch(() => undefined)
    if (!body) return void response.destroy()
    const [release, ...instances] = choose()
    let status: number | undefined
    for (const { id, address } of instances) {
      status ??= await flights.during(id, relay({ request, response, body }, address))
    }
    if (status === undefined) response.writeHead(503).end()
    if (instances.length > 0) tally((counts[release] ??= { total: 0, bad: 0 }), status)
  }

  return {
    name: 'tiny',
    async probe({ signal } = {}) {
      signal?.throwIfAborted()
      return CAPABILITIES
    },
    async observe(name, { signal } = {}) {
      signal?.throwIfAborted()
      const known = name === service ? table : undefined
      const { revision = 0, fence = 0 } = known ?? {}
      return { service: name, table: known, revision, fence, converged: true, drift: [] }
    },
    async apply(wanted, { signal } = {}) {
      signal?.throwIfAborted()
      const accepted = acceptRouteTable(wanted, CAPABILITIES)
      const receipt = { service: accepted.service, revision: accepted.revision }
      const foreign = accepted.service === service ? undefined : `this router serves ${service}`
      // An engine that no longer leads must change nothing.
      const reason = foreign ?? staleTable(table, accepted)
      if (reason !== undefined) return { ...receipt, outcome: 'rejected', reason }
      table = accepted
      choose = weightedChoice(table.pools)
      return { ...receipt, outcome: 'applied' }
    },
    async converge({ revision }, { signal }) {
      signal?.throwIfAborted()
      // One process, one variable: the next request reads the table that was set.
      const converged = table?.revision === revision
      const evidence = `requests follow revision ${table?.revision ?? 0}`
      return { revision, converged, level: converged ? 'observed' : 'accepted', evidence }
    },
    async drain(_service, ids, { deadline, signal }) {
      signal?.throwIfAborted()
      const over = AbortSignal.any([AbortSignal.timeout(deadline), ...(signal ? [signal] : [])])
      await flights.landed(ids, over)
      signal?.throwIfAborted()
      const inFlight = flights.count(ids)
      return { drained: inFlight === 0, inFlight, longLived: 0, forced: 0 }
    },
    async traffic(_service, { signal } = {}) {
      signal?.throwIfAborted()
      return structuredClone(counts)
    },
    listen: async () => `http://${await listen(server)}`,
    async close() {
      if (!server.listening) return
      server.close().closeAllConnections()
      await once(server, 'close')
    },
  }
}

function tally(traffic: { total: number; bad: number }, status = 503): void {
  traffic.total += 1
  if (status >= 500) traffic.bad += 1
}
