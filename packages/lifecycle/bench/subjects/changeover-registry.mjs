import { createLifecycle } from '@changeover/lifecycle'
import { Registry } from 'prom-client'
import { probesFirst } from './changeover.mjs'

/** Probes and metrics. */
export function serve(create, application) {
  const lifecycle = createLifecycle({ drain: { notice: 0 }, registry: new Registry() })
  const server = create(probesFirst(lifecycle, application))
  lifecycle.attach(server)
  server.once('listening', lifecycle.ready)
  return { server }
}
