import type { IncomingMessage, ServerResponse } from 'node:http'

import type { HttpServer } from './connections.ts'
import type { Lifecycle } from './lifecycle.ts'

/** What is used of a Fastify request. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage
}

/** What is used of a Fastify reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse
  readonly hijack: () => unknown
}

/** What is used of a Fastify instance. */
export interface FastifyLike {
  readonly server: HttpServer
  readonly addHook: {
    (
      name: 'onRequest',
      hook: (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void,
    ): unknown
    (name: 'onListen', hook: (done: () => void) => void): unknown
  }
  readonly close: () => PromiseLike<unknown>
}

/** A plugin for `app.register`. */
export type FastifyPlugin = (app: FastifyLike, options: object, done: () => void) => void

/**
 * A plugin of Fastify 5: answers probes before anything else, attaches the server, is ready once it listens, and closes the
 * app after the last request, so that `onClose` hooks run. Register it first.
 *
 * @example
 * ```ts
 * import { changeoverFastify } from '@changeover/lifecycle/fastify'
 *
 * const lifecycle = createLifecycle()
 * const plugin = changeoverFastify(lifecycle) // app.register(plugin)
 * ```
 */
export function changeoverFastify(
  lifecycle: Pick<Lifecycle, 'attach' | 'handler' | 'onStop' | 'ready' | 'state'>,
): FastifyPlugin {
  const plugin: FastifyPlugin = (app, _, done) => {
    lifecycle.attach(app.server)
    lifecycle.onStop('fastify', () => app.close())
    app.addHook('onRequest', (request, reply, pass) => {
      if (lifecycle.handler(request.raw, reply.raw)) reply.hijack()
      else pass()
    })
    app.addHook('onListen', (listening) => {
      if (lifecycle.state === 'starting') lifecycle.ready()
      listening()
    })
    done()
  }
  // Hooks of a plugin hold for its own routes only, unless it says this.
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}
