import { createLifecycle } from '@changeover/lifecycle'

/** Draining alone; with a notice also the probes, which would otherwise have nobody to tell. */
export function serve(create, application, { noticeMs }) {
  const lifecycle = createLifecycle({ drain: { notice: noticeMs } })
  const server = create(noticeMs === 0 ? application : probesFirst(lifecycle, application))
  lifecycle.attach(server)
  server.once('listening', lifecycle.ready)
  return { server, probe: { path: '/readyz' } }
}

/** The application's handler behind the probes, as the README has it. */
export function probesFirst(lifecycle, application) {
  return (request, response) => {
    if (!lifecycle.handler(request, response)) application(request, response)
  }
}
