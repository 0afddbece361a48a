import {
  acceptRouteTable,
  type CallOptions,
  type Router,
  type TrafficSample,
  type Unsubscribe,
} from '@changeover/engine'
import { CAPABILITIES } from './capabilities.ts'
import { type FrontControl, frontControl } from './front-control.ts'
import { listeners } from './listeners.ts'
import type { CopyCounts } from './mirroring.ts'
import { type NodeRouterOptions, parseOptions, type Settings } from './options.ts'
import type { RouteMemory } from './route-memory.ts'
import { routerError } from './router-error.ts'
import { routerPort, serviceOf } from './router-port.ts'
import { type ServedService, servedService } from './served-service.ts'

/** A reverse proxy in this process: the {@link Router} port, and what is its own. */
export interface NodeRouter extends Router, FrontControl {
  /**
   * Opens the listener of every service, or none. Calling it again changes nothing.
   *
   * @returns the address of each service
   * @throws ChangeoverError `CHANGEOVER_ROUTER_LISTEN_FAILED`, `CHANGEOVER_ROUTER_CLOSED`
   */
  listen(): Promise<Readonly<Record<string, string>>>
  /**
   * Where a service is reached, such as `http://127.0.0.1:8080`.
   *
   * @throws ChangeoverError `CHANGEOVER_ROUTER_NOT_LISTENING`, `CHANGEOVER_ROUTER_SERVICE_UNKNOWN`
   */
  url(service: string): string
  /**
   * Per release: each request that an instance was given, and those of them that got no whole answer or one with
   * status 5xx. What a client broke off before its answer began does not count, nor does the first try of a request
   * that was sent again because its connection proved closed.
   *
   * `slow` counts those that took longer than each of `SLOW_BOUNDS_MS`: from when the instance was given the
   * request until the head of its answer, or until the router gave up. The rest of an answer does not count: its pace is
   * the client's, and a stream of events has no end.
   */
  traffic(service: string, options?: CallOptions): Promise<TrafficSample>
  /**
   * What became of the copies of requests that tables asked for with `mirror`, since the router started.
   *
   * @throws ChangeoverError `CHANGEOVER_ROUTER_SERVICE_UNKNOWN`
   */
  copies(service: string): Promise<CopyCounts>
  /** In this process nobody else changes the routes: the listener hears only that the router was closed. */
  watch(service: string, listener: (drift: readonly string[]) => void): Unsubscribe
  /**
   * Accepts nothing more, turns away who is on hold, asks upgraded connections to part, waits for the answers under way
   * until `timeouts.close`, then cuts what is left. Calling it again gives the same promise.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A reverse proxy for HTTP/1.1 and HTTP/2 in this process that routes each request by the table in force: by the first rule that
 * matches it, else by its user's cohort where the table has an affinity, else by weight.
 *
 * Values of headers and cookies are compared as they are sent, case and all, a cookie's without the quotes around it.
 * Of several headers or cookies with one name, the first counts. A user whose mark is empty follows the weights.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const router = nodeRouter({ listeners: { shop: { port: 8080 } } })
 * await router.listen()
 * await router.apply({
 *   service: 'shop',
 *   revision: 1,
 *   fence: 1,
 *   pools: [{ release: 'v1', weight: 10_000, instances: [{ id: 'shop-1', address: '127.0.0.1:3000' }] }],
 * })
 * ```
 */
export function nodeRouter(options: NodeRouterOptions): NodeRouter {
  return routerOf(parseOptions(options))
}

/** A router by checked options, which serves what `memory` knows from before. */
export function routerOf(settings: Settings, memory?: RouteMemory): NodeRouter {
  const { clock, logger, signal } = settings
  let closed: Promise<void> | undefined
  const isClosed = (): boolean => closed !== undefined
  const services = new Map(
    [...settings.listeners.keys()].map((name) => [name, servedService(name, settings, isClosed)]),
  )
  for (const table of memory?.tables ?? [])
    services.get(table.service)?.routes.force(acceptRouteTable(table, CAPABILITIES))
  const capabilities = memory ? { ...CAPABILITIES, durable: true } : CAPABILITIES
  const opened = listeners(settings, (name) => serviceOf(services, name))

  const shut = async (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort)
    for (const service of services.values()) sendAway(service, settings.timeouts.closeMs)
    const cut = await opened.close(settings.timeouts.closeMs, clock)
    for (const service of services.values()) endService(service)
    logger[cut > 0 ? 'warn' : 'info']({ cut }, 'router closed')
  }
  const close = (): Promise<void> => (closed ??= shut())
  const onAbort = (): void => void close()

  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return {
    ...routerPort({ services, capabilities, memory, isClosed, clock, logger }),
    ...frontControl(services, opened, isClosed),
    listen: () => opened.listen(),
    async copies(service) {
      const { sent, dropped } = serviceOf(services, service).context.mirroring
      return { sent, dropped }
    },
    url(service) {
      serviceOf(services, service)
      const url = opened.url(service)
      if (url !== undefined) return url
      throw routerError('CHANGEOVER_ROUTER_NOT_LISTENING', { service })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Those who wait, or may stay for as long as they like: the answers under way are waited for. */
function sendAway({ room, upgrades }: ServedService, closeMs: number): void {
  room.close()
  upgrades.close(closeMs)
}

function endService({ routes, watchers }: ServedService): void {
  routes.close()
  for (const watcher of watchers) watcher(['the router was closed: nothing is routed'])
  watchers.clear()
}
