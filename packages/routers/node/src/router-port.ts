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
import { routerError } from './router-error.ts'
import type { ServedService } from './served-service.ts'
import { SLOW_BOUNDS_MS } from './traffic.ts'

const CAPABILITIES: RouterCapabilities = Object.freeze({
  granularity: 1,
  split: 'request',
  inFlight: true,
  proof: 'observed',
  rules: true,
  affinity: true,
  slowBounds: SLOW_BOUNDS_MS,
  // Copies of requests could slow the requests themselves down.
  mirror: false,
  durable: false,
})

/** What the port's operations work on. */
export interface RouterParts {
  readonly services: ReadonlyMap<string, ServedService>
  readonly isClosed: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** The operations of the {@link Router} port. */
export function routerPort({ services, isClosed, clock, logger }: RouterParts): Required<Router> {
  const begin = (call: string, { signal }: CallOptions): void => {
    signal?.throwIfAborted()
    if (isClosed()) throw routerError('CHANGEOVER_ROUTER_CLOSED', { call })
  }
  return {
    name: 'node',
    async probe(options = {}) {
      begin('probe', options)
      return CAPABILITIES
    },
    async observe(service, options = {}) {
      begin('observe', options)
      return services.get(service)?.routes.observe() ?? unknownTo(service)
    },
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      const receipt = isClosed() ? unreachable(table) : applied(services, table)
      logReceipt(logger, table, receipt)
      return receipt
    },
    async converge(receipt, options) {
      begin('converge', options)
      return serviceOf(services, receipt.service).routes.prove(receipt)
    },
    async drain(service, instances, options) {
      options.signal?.throwIfAborted()
      return drained(serviceOf(services, service).inFlight, instances, clock, options)
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

function applied(services: ReadonlyMap<string, ServedService>, table: RouteTable): Receipt {
  const { service, revision } = table
  const served = services.get(service)
  if (served) return served.routes.apply(table)
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
