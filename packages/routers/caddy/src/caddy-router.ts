import { onAbort, type Router, type Unsubscribe } from '@changeover/engine'
import { adminEndpoint } from './admin.ts'
import { caddy } from './caddy.ts'
import { type CaddyRouterOptions, parseOptions } from './options.ts'
import { routerPort } from './router-port.ts'
import { serviceMemory } from './service-memory.ts'
import { turns } from './turns.ts'

/** A Caddy that is driven through its admin endpoint: the {@link Router} port. */
export interface CaddyRouter extends Router {
  /** Calls `listener` when somebody else changed the routes, or Caddy restarted and forgot them; looks every `watchEvery`. */
  watch(service: string, listener: (drift: readonly string[]) => void): Unsubscribe
  /** Ends what this adapter waits for; Caddy goes on as it is. Calling it again gives the same promise. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Routes by a Caddy that runs already, 2.6 or later. For each service it owns the `handle` of one route, found by its `@id`;
 * everything else in Caddy stays as it is.
 *
 * Each change makes Caddy start its HTTP servers anew: idle client connections are closed, and those just being opened may be.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const router = caddyRouter({
 *   admin: 'http://127.0.0.1:2019',
 *   services: { shop: { create: { server: 'srv0', hosts: ['shop.example'] }, url: 'http://127.0.0.1', host: 'shop.example' } },
 * })
 * const engine = createEngine({ router, fleet, store })
 * ```
 */
export function caddyRouter(options: CaddyRouterOptions): CaddyRouter {
  const settings = parseOptions(options)
  const closing = new AbortController()
  const end = (): void => closing.abort()
  const forget = onAbort(settings.signal, end)
  if (settings.signal?.aborted) end()
  const closed = Promise.resolve()
  const close = (): Promise<void> => {
    forget()
    end()
    return closed
  }
  const services = [...settings.services].map(([name, service]) => {
    return [name, { service, memory: serviceMemory(), inTurn: turns() }] as const
  })
  const port = routerPort({
    settings,
    caddy: caddy(adminEndpoint(settings), settings.admin),
    closing: closing.signal,
    services: new Map(services),
  })
  return { ...port, close, [Symbol.asyncDispose]: close }
}
