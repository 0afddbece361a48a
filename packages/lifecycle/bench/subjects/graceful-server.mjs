import gracefulServer from '@gquittet/graceful-server'

/** Its timeout is how long it always sleeps, not a limit, and is left at the 1 s that is its default. */
export function serve(create, application) {
  const server = create(application)
  const graceful = gracefulServer(server)
  server.once('listening', () => graceful.setReady())
  return { server, probe: { path: '/ready' } }
}
