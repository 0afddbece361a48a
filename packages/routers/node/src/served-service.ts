import { type ExchangeContext } from './exchange.ts'
import { forward } from './forward.ts'
import { type InFlight, inFlightCounts } from './in-flight.ts'
import type { RequestHandler } from './listener.ts'
import type { Settings } from './options.ts'
import { type ServiceRoutes, serviceRoutes } from './service-routes.ts'
import { type Traffic, trafficCounts } from './traffic.ts'

/** All that there is of one service. */
export interface ServedService {
  readonly routes: ServiceRoutes
  readonly inFlight: InFlight
  readonly traffic: Traffic
  /** Those who want to hear of changes that they did not make. */
  readonly watchers: Set<(drift: readonly string[]) => void>
  readonly handle: RequestHandler
}

/** A service that nothing is routed to yet. */
export function servedService(
  service: string,
  settings: Settings,
  closing: () => boolean,
): ServedService {
  const { limits, timeouts, logger } = settings
  const inFlight = inFlightCounts()
  const traffic = trafficCounts()
  const upstream = {
    connectMs: timeouts.connectMs,
    idleMs: timeouts.upstreamIdleMs,
    idleConnections: limits.idleConnections,
  }
  const routes = serviceRoutes(service, { inFlight, traffic }, upstream, settings.random())
  const context: ExchangeContext = {
    routes: routes.current,
    inFlight,
    maxInFlight: limits.inFlight,
    answerMs: timeouts.answerMs,
    headBytes: limits.headBytes,
    closing,
    logger: logger.child({ service }),
  }
  const handle: RequestHandler = (request, response, expects) =>
    forward(context, request, response, expects)
  return { routes, inFlight, traffic, watchers: new Set(), handle }
}
