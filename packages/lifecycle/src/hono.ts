import type { Lifecycle } from './lifecycle.ts'

/** What is used of Hono's context. */
export interface HonoContext {
  readonly req: { readonly raw: Request; readonly path: string }
}

/** Middleware as Hono takes it. */
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<void>,
) => Promise<Response | void>

/**
 * Probes as middleware of Hono 4 on Node. Use it first. Attach what `serve()` of `@hono/node-server` returns.
 *
 * @example
 * ```ts
 * import { changeoverHono } from '@changeover/lifecycle/hono'
 *
 * const lifecycle = createLifecycle()
 * const middleware = changeoverHono(lifecycle) // app.use(middleware)
 * ```
 */
export function changeoverHono(lifecycle: Pick<Lifecycle, 'fetch'>): HonoMiddleware {
  return async (context, next) => {
    const answer = await lifecycle.fetch(context.req.raw)
    return answer ?? next()
  }
}
