import httpShutdown from 'http-shutdown'

export function serve(create, application) {
  const server = httpShutdown(create(application))
  process.on('SIGTERM', () => server.shutdown(() => process.exit(0)))
  return { server }
}
