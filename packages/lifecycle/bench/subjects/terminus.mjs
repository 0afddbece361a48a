import { setTimeout as sleep } from 'node:timers/promises'
import { createTerminus } from '@godaddy/terminus'

/** With a notice also its health check, which puts a wrapper around every request. */
export function serve(create, application, { noticeMs }) {
  const server = create(application)
  const probes = {
    healthChecks: { '/readyz': () => Promise.resolve() },
    beforeShutdown: () => sleep(noticeMs),
  }
  createTerminus(server, {
    signal: 'SIGTERM',
    timeout: 10_000,
    ...(noticeMs === 0 ? {} : probes),
  })
  return { server, probe: { path: '/readyz' } }
}
