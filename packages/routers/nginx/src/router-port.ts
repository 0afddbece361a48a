import type {
  CallOptions,
  Receipt,
  Router,
  RouteTable,
  TrafficSample,
  Unsubscribe,
} from '@changeover/engine'
import { applyTable } from './apply-table.ts'
import { CAPABILITIES } from './capabilities.ts'
import type { Settings } from './options.ts'
import { routerError } from './router-error.ts'
import type { RouterParts } from './router-parts.ts'
import type { ServiceDriver } from './service-driver.ts'
import { watchRoutes } from './watch.ts'

/** What an adapter of nginx does while it is open: the {@link Router} port, and what is its own. */
export interface NginxPort extends Router {
  /**
   * Writes the files that nginx's own configuration includes, with no routes in them, where they are not there yet. To be
   * called before nginx first starts with that configuration; calling it again changes no routes.
   *
   * @throws ChangeoverError `CHANGEOVER_NGINX_FILES_FAILED`, `CHANGEOVER_NGINX_CLOSED`
   */
  prepare(): Promise<void>
  /**
   * Mode `lua` only. Per release: requests that an instance was chosen for, those of them that were answered with 5xx or
   * not at all, and how long they took until the head of their answer. What a client broke off before that does not count.
   */
  traffic?(service: string, options?: CallOptions): Promise<TrafficSample>
  /** Looks every `watchEvery` whether somebody else changed the files or the routes, or restarted nginx. */
  watch(service: string, listener: (drift: readonly string[]) => void): Unsubscribe
}

/** The operations of the port, and `prepare`. */
export function routerPort(parts: RouterParts): NginxPort {
  const { settings, drivers, isClosed } = parts
  const begin = (call: string, { signal }: CallOptions): void => {
    signal?.throwIfAborted()
    if (isClosed()) throw routerError('CHANGEOVER_NGINX_CLOSED', { call })
  }
  const driverOf = (service: string): ServiceDriver => {
    const driver = drivers.get(service)
    if (driver) return driver
    throw routerError('CHANGEOVER_NGINX_SERVICE_UNKNOWN', {
      service,
      known: [...drivers.keys()].join(', '),
    })
  }
  const [first] = drivers.values()
  return {
    name: 'nginx',
    async probe(options = {}) {
      begin('probe', options)
      return first ? first.probe(options.signal) : CAPABILITIES[settings.mode]
    },
    async observe(service, options = {}) {
      begin('observe', options)
      return drivers.get(service)?.observe(options.signal) ?? unknownTo(service)
    },
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      const receipt = await applyTable(parts, table, signal)
      log(settings, table, receipt)
      return receipt
    },
    async converge(receipt, options) {
      begin('converge', options)
      return driverOf(receipt.service).converge(receipt, options)
    },
    async drain(service, instances, options) {
      begin('drain', options)
      return driverOf(service).drain(instances, options)
    },
    ...(settings.mode === 'lua' && {
      async traffic(service: string, options: CallOptions = {}) {
        begin('traffic', options)
        return drivers.get(service)?.traffic?.(options.signal) ?? {}
      },
    }),
    watch(service, listener) {
      begin('watch', {})
      return watched(parts, driverOf(service), listener)
    },
    async prepare() {
      begin('prepare', {})
      for (const driver of drivers.values()) await driver.prepare()
    },
  }
}

function watched(
  { settings, watches }: RouterParts,
  { observe }: ServiceDriver,
  listener: (drift: readonly string[]) => void,
): Unsubscribe {
  const { watchMs: everyMs, pidFile } = settings
  const end = watchRoutes({ everyMs, pidFile, observe: () => observe(), listener })
  watches.add(end)
  return () => {
    watches.delete(end)
    end()
  }
}

function unknownTo(service: string) {
  return { service, table: undefined, revision: 0, fence: 0, converged: false, drift: [] }
}

function log({ logger }: Settings, { fence }: RouteTable, receipt: Receipt): void {
  const { service, revision, outcome, reason } = receipt
  const level = outcome === 'applied' ? 'info' : 'warn'
  logger[level]({ service, revision, fence, outcome, reason }, 'route table')
}
