import closeWithGrace from 'close-with-grace'

export function serve(create, application) {
  const server = create(application)
  closeWithGrace({ delay: 10_000, logger: false }, () => new Promise((done) => server.close(done)))
  return { server }
}
