import type { HttpServer } from './connections.ts'
import type { ExpressMiddleware } from './express.ts'
import { changeoverExpress } from './express.ts'
import type { Lifecycle } from './lifecycle.ts'

/** What is used of a Nest application. */
export interface NestApplicationLike {
  readonly getHttpServer: () => HttpServer
  readonly use: (middleware: ExpressMiddleware) => unknown
  readonly close: () => Promise<void>
}

/**
 * Gives a Nest 11 application a lifecycle: answers probes before guards and interceptors, attaches the server, is ready once it
 * listens, and closes the app after the last request, so that `onModuleDestroy` and the like run. Call it before
 * `app.listen()`, and leave `enableShutdownHooks()` away: two owners of SIGTERM would cut each other's requests.
 *
 * @example
 * ```ts
 * import { changeoverNest, type NestApplicationLike } from '@changeover/lifecycle/nest'
 *
 * const lifecycle = createLifecycle()
 * const setUp = (app: NestApplicationLike) => changeoverNest(lifecycle, app)
 * ```
 */
export function changeoverNest(
  lifecycle: Pick<Lifecycle, 'attach' | 'handler' | 'onStop' | 'ready' | 'state'>,
  app: NestApplicationLike,
): void {
  const server = app.getHttpServer()
  app.use(changeoverExpress(lifecycle))
  lifecycle.attach(server)
  lifecycle.onStop('nest', () => app.close())
  server.once('listening', () => {
    if (lifecycle.state === 'starting') lifecycle.ready()
  })
}
