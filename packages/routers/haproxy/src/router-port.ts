import type { CallOptions, ObservedRoutes, Router } from '@changeover/engine'
import { capabilitiesOf } from './capabilities.ts'
import { converge } from './converge.ts'
import { drain } from './drain.ts'
import { observedRoutes } from './live-routes.ts'
import type { Settings } from './options.ts'
import { routerError, type RouterErrorCode } from './router-error.ts'
import { parseInfo, ReplyError } from './runtime-reply.ts'
import { type Runtime, UnreachableError } from './runtime-socket.ts'
import type { ServedService } from './served-service.ts'
import { readLive, type ServiceSite } from './service-site.ts'
import { readTraffic } from './traffic.ts'

/** What the port's operations work on. */
export interface RouterParts {
  readonly settings: Settings
  readonly runtime: Runtime
  readonly services: ReadonlyMap<string, ServedService>
  readonly isClosed: () => boolean
}

/** The operations of the {@link Router} port. */
export function routerPort({
  settings,
  runtime,
  services,
  isClosed,
}: RouterParts): Required<Router> {
  const { clock } = settings
  const begin = (call: string, { signal }: CallOptions): void => {
    signal?.throwIfAborted()
    if (isClosed()) throw routerError('CHANGEOVER_HAPROXY_CLOSED', { call })
  }
  const within = <T>(call: string, work: () => Promise<T>): Promise<T> =>
    translated(call, settings, work)
  return {
    name: 'haproxy',
    async probe(call = {}) {
      begin('probe', call)
      const [info = ''] = await within('probe', () => runtime(['show info'], call.signal))
      await within('probe', async () => parseInfo(info))
      return capabilitiesOf(settings)
    },
    async observe(service, call = {}) {
      begin('observe', call)
      const known = services.get(service)
      return known ? within('observe', () => observe(known.site, call)) : unknownTo(service)
    },
    async apply(table, { signal } = {}) {
      signal?.throwIfAborted()
      const { service, revision } = table
      const known = services.get(service)
      if (isClosed())
        return { service, revision, outcome: 'unreachable', reason: 'the adapter is closed' }
      if (known) return known.apply(table, signal)
      const reason = `the adapter was not told of "${service}", only of: ${namesOf(services)}`
      return { service, revision, outcome: 'rejected', reason }
    },
    async converge(receipt, wait) {
      begin('converge', wait)
      return converge(serviceOf(services, receipt.service).site, clock, receipt, wait)
    },
    async drain(service, instances, wait) {
      begin('drain', wait)
      const { site, turns } = serviceOf(services, service)
      return within('drain', () => drain(site, { clock, turns }, instances, wait))
    },
    async traffic(service, call = {}) {
      begin('traffic', call)
      const known = services.get(service)
      if (!known) return {}
      return within('traffic', () => readTraffic(known.site, known.unanswered, call.signal))
    },
    watch: (service, listener) => serviceOf(services, service).watch(listener),
  }
}

async function observe(site: ServiceSite, { signal }: CallOptions): Promise<ObservedRoutes> {
  const live = await readLive(site, signal)
  return observedRoutes(live, site.service, await isSettled(site, signal))
}

/** Whether no replaced worker serves. A master that starts over, as it does at each reload, cannot say: then nobody knows. */
async function isSettled(site: ServiceSite, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    return (await site.oldWorkers(signal)).length === 0
  } catch (error) {
    if (error instanceof UnreachableError) return false
    throw error
  }
}

function unknownTo(service: string): ObservedRoutes {
  return { service, table: undefined, revision: 0, fence: 0, converged: false, drift: [] }
}

/** @throws ChangeoverError `CHANGEOVER_HAPROXY_SERVICE_UNKNOWN` */
function serviceOf(services: ReadonlyMap<string, ServedService>, service: string): ServedService {
  const known = services.get(service)
  if (known) return known
  throw routerError('CHANGEOVER_HAPROXY_SERVICE_UNKNOWN', { service, known: namesOf(services) })
}

function namesOf(services: ReadonlyMap<string, ServedService>): string {
  return [...services.keys()].join(', ')
}

async function translated<T>(
  call: string,
  { socket }: Settings,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    if (!code) throw error
    const where = typeof socket === 'string' ? socket : `${socket.host}:${socket.port}`
    const problem = error instanceof Error ? error.message : String(error)
    throw routerError(code, { call, problem, where }, error)
  }
}

function codeOf(error: unknown): RouterErrorCode | undefined {
  if (error instanceof UnreachableError) return 'CHANGEOVER_HAPROXY_UNREACHABLE'
  return error instanceof ReplyError ? 'CHANGEOVER_HAPROXY_NOT_UNDERSTOOD' : undefined
}
