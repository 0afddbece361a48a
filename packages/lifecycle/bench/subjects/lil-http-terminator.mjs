import lilHttpTerminator from 'lil-http-terminator'

export function serve(create, application) {
  const server = create(application)
  const terminator = lilHttpTerminator({ server, gracefulTerminationTimeout: 10_000 })
  process.on('SIGTERM', () => void terminator.terminate().then(() => process.exit(0)))
  return { server }
}
