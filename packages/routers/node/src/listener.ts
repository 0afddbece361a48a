import { createServer, type Server } from 'node:net'
import { formatUrl } from './address.ts'
import type { ExchangeContext } from './exchange.ts'
import { type Front, httpFront } from './http-server.ts'
import type { RequestHandler } from './inbound.ts'
import type { ListenerSettings } from './listener-options.ts'
import type { Settings } from './options.ts'
import { routerError } from './router-error.ts'
import { secureFront } from './secure-server.ts'
import { stallWatch } from './stall-watch.ts'
import type { TlsIdentity } from './tls-options.ts'
import { wireFront } from './wire/wire-front.ts'

/** The socket on which one service is served. */
export interface Listener {
  /** Where it listens; undefined before and after. */
  readonly url: () => string | undefined
  /** @throws ChangeoverError `CHANGEOVER_ROUTER_LISTEN_FAILED` */
  listen(): Promise<void>
  /** Accepts nothing more, and lets the answers under way end. Resolves when the last connection is closed. */
  close(): Promise<void>
  /** Cuts what is left. Returns how many connections that were. */
  cut(): number
  /** @throws ChangeoverError `CHANGEOVER_ROUTER_TLS_INVALID` */
  renew(identity: TlsIdentity): void
}

/** How requests are served: all of them by `handle`, the plain ones by `context` alone. */
export interface Serving {
  readonly handle: RequestHandler
  readonly context: ExchangeContext
}

/** A listener for `service`, not listening yet. */
export function listener(
  service: string,
  options: ListenerSettings,
  settings: Settings,
  { handle, context }: Serving,
): Listener {
  const stalls = stallWatch(settings.timeouts.stalledMs)
  const secure = options.tls && secureFront(service, options.tls, settings, { handle, stalls })
  const front = secure ?? plainFront(settings, { handle, context })
  // For upgraded connections, of which each side may end on its own. A client that does so in HTTP is taken for gone.
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    if (!secure) stalls.add(socket)
    front.accept(socket)
  })
  let closed: Promise<void> | undefined

  server.maxConnections = settings.limits.connections
  server.on('error', (error) => settings.logger.error({ service, err: error }, 'listener failed'))

  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      front.end()
    })

  return {
    url: () => urlOf(server, options),
    listen: () => opened(server, service, options),
    close: () => (closed ??= close()),
    cut: () => front.cut(),
    renew(identity) {
      if (secure) return secure.renew(identity)
      const problem = 'its listener has no option tls'
      throw routerError('CHANGEOVER_ROUTER_TLS_INVALID', { service, problem })
    },
  }
}

function plainFront(settings: Settings, { handle, context }: Serving): Front {
  const slow = httpFront(settings, handle)
  return settings.fastPath ? wireFront(context, settings.timeouts, slow) : slow
}

async function opened(
  server: Server,
  service: string,
  { host, port }: ListenerSettings,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const problem = error.code ?? error.message
      reject(
        routerError('CHANGEOVER_ROUTER_LISTEN_FAILED', { service, host, port, problem }, error),
      )
    }
    server.once('error', failed)
    server.listen({ host, port }, () => {
      server.off('error', failed)
      resolve()
    })
  })
}

function urlOf(server: Server, { host, tls }: ListenerSettings): string | undefined {
  const address = server.address()
  if (address === null || typeof address !== 'object') return undefined
  return formatUrl(host, address.port, tls ? 'https' : 'http')
}
