import gracefulShutdown from 'http-graceful-shutdown'

export function serve(create, application) {
  const server = create(application)
  gracefulShutdown(server, { timeout: 10_000, signals: 'SIGTERM' })
  return { server }
}
