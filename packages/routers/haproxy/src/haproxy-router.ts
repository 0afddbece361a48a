import type { Router } from '@changeover/engine'
import { capabilitiesOf } from './capabilities.ts'
import { keepLooking } from './look-loop.ts'
import { type HaproxyRouterOptions, parseOptions, type Settings } from './options.ts'
import { routerPort } from './router-port.ts'
import { parseOldWorkers } from './runtime-reply.ts'
import { callMaster, callRuntime, type Runtime } from './runtime-socket.ts'
import { type ServedService, servedService } from './served-service.ts'
import type { ServiceSite } from './service-site.ts'

/** An HAProxy that runs elsewhere: the {@link Router} port, and what is its own. */
export interface HaproxyRouter extends Required<Router> {
  /** Looks at HAProxy no more. HAProxy itself goes on by the table in force. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Routes through an HAProxy by its runtime API, without a reload: a cutover is one command that exchanges one variable.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const router = haproxyRouter({
 *   socket: '/run/haproxy/admin.sock',
 *   services: { shop: { bind: '127.0.0.1:8080', file: '/etc/haproxy/changeover/shop.cfg', cookies: ['uid'] } },
 * })
 * ```
 */
export function haproxyRouter(options: HaproxyRouterOptions): HaproxyRouter {
  const settings = parseOptions(options)
  const { socket: where, replyTimeoutMs: timeoutMs, signal: outer } = settings
  const over = new AbortController()
  const runtime: Runtime = (commands, signal) => callRuntime({ where, timeoutMs, signal }, commands)
  const services = serve(settings, runtime)
  const looking = keepLooking([...services.values()], settings.lookEveryMs, over.signal)
  const abort = (): void => over.abort()
  const close = (): Promise<void> => {
    outer?.removeEventListener('abort', abort)
    abort()
    return looking
  }
  outer?.addEventListener('abort', abort, { once: true })
  if (outer?.aborted) abort()
  return {
    ...routerPort({ settings, runtime, services, isClosed: () => over.signal.aborted }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function serve(settings: Settings, runtime: Runtime): ReadonlyMap<string, ServedService> {
  const { master, logger } = settings
  const { replyTimeoutMs: timeoutMs } = settings
  const oldWorkers: ServiceSite['oldWorkers'] = async (signal) =>
    master === undefined
      ? []
      : parseOldWorkers(await callMaster({ where: master, timeoutMs, signal }, 'show proc'))
  const capabilities = capabilitiesOf(settings)
  return new Map(
    Array.from(settings.services, ([name, service]) => {
      const site = { service, runtime, oldWorkers, logger }
      return [name, servedService(site, capabilities)]
    }),
  )
}
