/** What one would write first. */
export function serve(create, application) {
  const server = create(application)
  process.on('SIGTERM', () => server.close(() => process.exit(0)))
  return { server }
}
