import { fastify } from 'fastify'

/** Fastify in front of the same handler, with its own way to close. */
export async function serve(create, application) {
  const app = fastify({ serverFactory: create })
  app.all('/*', (request, reply) => {
    reply.hijack()
    application(request.raw, reply.raw)
  })
  process.on('SIGTERM', () => void app.close().then(() => process.exit(0)))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { server: app.server }
}
