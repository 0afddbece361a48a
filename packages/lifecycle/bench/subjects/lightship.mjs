import { createHttpTerminator } from 'http-terminator'
import { createLightship } from 'lightship'

/** It drains no server itself: its manual says to use http-terminator. The probes have a port of their own. */
export async function serve(create, application, { noticeMs }) {
  const server = create(application)
  const terminator = createHttpTerminator({ server, gracefulTerminationTimeout: 10_000 })
  const lightship = await createLightship({
    shutdownDelay: noticeMs,
    gracefulShutdownTimeout: 10_000,
    shutdownHandlerTimeout: 10_000,
  })
  lightship.registerShutdownHandler(() => terminator.terminate())
  lightship.signalReady()
  return { server, probe: { path: '/ready', port: lightship.server.address().port } }
}
