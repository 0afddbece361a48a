import stoppable from 'stoppable'

export function serve(create, application) {
  const server = stoppable(create(application), 10_000)
  process.on('SIGTERM', () => server.stop(() => process.exit(0)))
  return { server }
}
