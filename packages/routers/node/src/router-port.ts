import type {
  CallOptions,
  Clock,
  ObservedRoutes,
  Receipt,
  Router,
  RouterCapabilities,
  RouteTable,
} from '@changeover/engine'
import type { Logger } from 'pino'
import { drained } from './drain.ts'
import type { RouteMemory } from './route-memory.ts'
import { routerError } from './router-error.ts'
import type { ServedService } from './served-service.ts'
import type { Judgement } from './service-routes.ts'

/** What the port's operations work on. */
export interface RouterParts {
  readonly services: ReadonlyMap<string, ServedService>
  readonly capabilities: RouterCapabilities
  /** Where tables outlive this process; undefined where they do not. */
  readonly memory: RouteMemory | undefined
  readonly isClosed: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** The operations of the {@link Router} port. */
export function routerPort(parts: RouterParts): Required<Router> {
  const { services, capabilities, isClosed, clock, logger } = parts
  const apply = applying(parts)
  const begin = (call: string, { signal }: CallOptions): void => {
    signal?.throwIfAborted()
    if (isClosed()) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call })
  }
  return {
    name: 'node',
    async probe(options = {}) {
      begin('probe', options)
      return capabilities
    },
    async observe(service, options = {}) {
      begin('observe', options)
      return services.get(service)?.routes.observe() ?? unknownTo(service)
    },
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      const receipt = isClosed() ? unreachable(table) : await apply(table)
      logReceipt(logger, table, receipt)
      return receipt
    },
    async converge(receipt, options) {
      begin('converge', options)
      return serviceOf(services, receipt.service).routes.prove(receipt)
    },
    async drain(service, instances, options) {
      options.signal?.throwIfAborted()
      return drained(serviceOf(services, service), instances, clock, options)
    },
    async traffic(service, { signal } = {}) {
      signal?.throwIfAborted()
      return services.get(service)?.traffic.sample() ?? {}
    },
    watch(service, listener) {
      const { watchers } = serviceOf(services, service)
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
  }
}

/** @throws ChangeoverError `CHANGEOVER_ROUTER_SERVICE_UNKNOWN` */
export function serviceOf(
  services: ReadonlyMap<string, ServedService>,
  name: string,
): ServedService {
  const service = services.get(name)
  if (service) return service
  throw routerError('CHANGEOVER_ROUTER_SERVICE_UNKNOWN', { service: name, known: known(services) })
}

/** In one turn, or where tables are written down first, one table after the other. */
function applying({ services, memory, isClosed }: RouterParts) {
  let last: Promise<unknown> = Promise.resolve()
  return async (table: RouteTable): Promise<Receipt> => {
    const served = services.get(table.service)
    if (!served) return unserved(services, table)
    if (!memory) return forced(served, served.routes.judge(table))
    const turn = last.then(() => (isClosed() ? unreachable(table) : keep(served, table, memory)))
    last = turn.catch(() => undefined)
    return turn
  }
}

function forced({ routes }: ServedService, { receipt, next }: Judgement): Receipt {
  if (next) routes.force(next)
  return receipt
}

/** Written before it is in force: after a crash, whatever was answered with `applied` is there again. */
async function keep(
  served: ServedService,
  table: RouteTable,
  memory: RouteMemory,
): Promise<Receipt> {
  const judgement = served.routes.judge(table)
  if (!judgement.next) return judgement.receipt
  const kept = await memory.keep(judgement.next)
  if (kept.outcome === 'kept') return forced(served, judgement)
  const { service, revision } = table
  const outcome = kept.outcome === 'refused' ? 'rejected' : 'indeterminate'
  return { service, revision, outcome, reason: kept.reason }
}

function unserved(
  services: ReadonlyMap<string, ServedService>,
  { service, revision }: RouteTable,
): Receipt {
  const reason = `the router has no listener for "${service}", only for: ${known(services)}`
  return { service, revision, outcome: 'rejected', reason }
}

function unreachable({ service, revision }: RouteTable): Receipt {
  return { service, revision, outcome: 'unreachable', reason: 'the router is closed' }
}

function unknownTo(service: string): ObservedRoutes {
  return { service, table: undefined, revision: 0, fence: 0, converged: false, drift: [] }
}

function known(services: ReadonlyMap<string, ServedService>): string {
  return [...services.keys()].join(', ')
}

function logReceipt(logger: Logger, { fence }: RouteTable, receipt: Receipt): void {
  const { service, revision, outcome, reason } = receipt
  const level = outcome === 'applied' ? 'info' : 'warn'
  logger[level]({ service, revision, fence, outcome, reason }, 'route table')
}
