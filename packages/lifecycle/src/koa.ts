import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Lifecycle } from './lifecycle.ts'

/** What is used of Koa's context. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  respond?: boolean
}

/** Middleware as Koa takes it. */
export type KoaMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>

/**
 * Probes as middleware of Koa 2 and 3. Use it first. Attach what `app.listen()` returns.
 *
 * @example
 * ```ts
 * import { changeoverKoa } from '@changeover/lifecycle/koa'
 *
 * const lifecycle = createLifecycle()
 * const middleware = changeoverKoa(lifecycle) // app.use(middleware)
 * ```
 */
export function changeoverKoa(lifecycle: Pick<Lifecycle, 'handler'>): KoaMiddleware {
  return async (context, next) => {
    if (lifecycle.handler(context.req, context.res)) context.respond = false
    else await next()
  }
}
