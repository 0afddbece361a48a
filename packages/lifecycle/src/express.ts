import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Lifecycle } from './lifecycle.ts'

/** Middleware as Express and Connect take it. */
export type ExpressMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Probes as middleware of Express 4 and 5, or of Connect. Mount it first, so that a session store or a body parser that is down
 * does not hide the answer. Attach what `app.listen()` returns.
 *
 * @example
 * ```ts
 * import { changeoverExpress } from '@changeover/lifecycle/express'
 *
 * const lifecycle = createLifecycle()
 * const middleware = changeoverExpress(lifecycle) // app.use(middleware)
 * ```
 */
export function changeoverExpress(lifecycle: Pick<Lifecycle, 'handler'>): ExpressMiddleware {
  return (request, response, next) => {
    lifecycle.handler(request, response, next)
  }
}
