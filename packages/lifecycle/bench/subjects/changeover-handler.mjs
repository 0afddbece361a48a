import { createLifecycle } from '@changeover/lifecycle'
import { probesFirst } from './changeover.mjs'

/** The probes look at every request before the application does. */
export function serve(create, application) {
  const lifecycle = createLifecycle({ drain: { notice: 0 } })
  const server = create(probesFirst(lifecycle, application))
  lifecycle.attach(server)
  server.once('listening', lifecycle.ready)
  return { server }
}
