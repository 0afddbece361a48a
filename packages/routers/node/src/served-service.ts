import { type ExchangeContext } from './exchange.ts'
import { forward } from './forward.ts'
import { type InFlight, inFlightCounts } from './in-flight.ts'
import type { RequestHandler } from './inbound.ts'
import { mirroring } from './mirroring.ts'
import type { Settings } from './options.ts'
import { type ServiceRoutes, serviceRoutes } from './service-routes.ts'
import { type Traffic, trafficCounts } from './traffic.ts'
import { upgradedConnections, type Upgrades } from './upgrades.ts'
import { type WaitingRoom, waitingRoom } from './waiting-room.ts'

/** All that there is of one service. */
export interface ServedService {
  readonly routes: ServiceRoutes
  readonly inFlight: InFlight
  readonly traffic: Traffic
  readonly upgrades: Upgrades
  readonly room: WaitingRoom
  /** Those who want to hear of changes that they did not make. */
  readonly watchers: Set<(drift: readonly string[]) => void>
  readonly handle: RequestHandler
  /** What the fast path serves plain requests by. */
  readonly context: ExchangeContext
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
  const upgrades = upgradedConnections(settings.upgrades)
  const room = waitingRoom()
  const copies = mirroring({
    inFlight: limits.mirrorInFlight,
    bytes: limits.mirrorBytes,
    methods: settings.mirrorMethods,
  })
  const upstream = {
    connectMs: timeouts.connectMs,
    idleMs: timeouts.upstreamIdleMs,
    idleConnections: limits.idleConnections,
    answerMs: timeouts.answerMs,
  }
  const routes = serviceRoutes(service, { inFlight, traffic }, upstream, settings.random())
  const context: ExchangeContext = {
    routes: routes.current,
    inFlight,
    maxInFlight: limits.inFlight,
    connectMs: timeouts.connectMs,
    answerMs: timeouts.answerMs,
    headBytes: limits.headBytes,
    closing,
    held: () => room.held,
    room,
    trusts: settings.trusts,
    upgrades,
    mirroring: copies,
    logger: logger.child({ service }),
  }
  const handle: RequestHandler = (inbound) => forward(context, inbound)
  return { routes, inFlight, traffic, upgrades, room, watchers: new Set(), handle, context }
}
