import type { Unsubscribe } from '@changeover/engine'
import { confDriver } from './conf-driver.ts'
import { controlClient } from './control-client.ts'
import { driverParts } from './driver-parts.ts'
import { luaDriver } from './lua-driver.ts'
import { type NginxRouterOptions, parseOptions } from './options.ts'
import { type NginxPort, routerPort } from './router-port.ts'

/** An nginx that somebody else runs. */
export interface NginxRouter extends NginxPort {
  /** Ends every watch. nginx goes on as it is. Calling it again gives the same promise. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Drives an nginx on this machine. The adapter owns the files of its directory, which nginx's configuration includes, and
 * touches no other; it never starts or stops nginx.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 * @example
 * ```ts
 * const router = nginxRouter({
 *   mode: 'lua',
 *   directory: '/var/lib/changeover',
 *   control: { port: 9180 },
 *   services: { shop: {} },
 * })
 * await router.prepare()
 * ```
 */
export function nginxRouter(options: NginxRouterOptions): NginxRouter {
  const settings = parseOptions(options)
  const control = controlClient(settings.control)
  const driver = settings.mode === 'lua' ? luaDriver : confDriver
  const drivers = new Map(
    [...settings.services.keys()].map((name) => [
      name,
      driver(driverParts(name, settings, control)),
    ]),
  )
  const watches = new Set<Unsubscribe>()
  let closed: Promise<void> | undefined

  const shut = async (): Promise<void> => {
    settings.signal?.removeEventListener('abort', onAbort)
    for (const unwatch of watches) unwatch()
    watches.clear()
    settings.logger.info('nginx adapter closed')
  }
  const close = (): Promise<void> => (closed ??= shut())
  const onAbort = (): void => void close()

  if (settings.signal?.aborted) onAbort()
  else settings.signal?.addEventListener('abort', onAbort, { once: true })
  return {
    ...routerPort({ settings, drivers, watches, isClosed: () => closed !== undefined }),
    close,
    [Symbol.asyncDispose]: close,
  }
}
