import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { checkRouteTable, type Router, routesAlike, type RouteTable } from '@changeover/engine'
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

/**
 * The router as the engine sees it: a plain object. What it does not name in `probe` (rules, affinity, mirrors) the engine
 * refuses to plan with.
 */
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
    probe: async () => ({ inFlight: true, proof: 'observed' }),
    async observe(name) {
      const known = name === service ? table : undefined
      const { revision = 0, fence = 0 } = known ?? {}
      return { service: name, table: known, revision, fence, converged: true, drift: [] }
    },
    async apply(wanted) {
      const receipt = { service: wanted.service, revision: wanted.revision }
      const reason = whyNot(checkRouteTable(wanted), table, service)
      if (reason !== undefined) return { ...receipt, outcome: 'rejected', reason }
      table = structuredClone(wanted)
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
    traffic: async () => structuredClone(counts),
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

/** Why a table may not be put in force. An engine that no longer leads must change nothing. */
function whyNot(
  wanted: RouteTable,
  known: RouteTable | undefined,
  service: string,
): string | undefined {
  if (wanted.service !== service) return `this router serves ${service}`
  const { rules = [], affinity, mirror } = wanted
  if (rules.length > 0 || affinity || mirror) return 'weights are all that it understands'
  if (!known) return undefined
  const older = wanted.fence < known.fence || wanted.revision < known.revision
  if (older) return `revision ${known.revision} under fence ${known.fence} is in force`
  const rival = wanted.revision === known.revision && !routesAlike(wanted, known)
  return rival ? `revision ${known.revision} routes otherwise` : undefined
}
