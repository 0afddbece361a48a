import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * A path of some length to a server: what one side sends, ends or resets reaches the other one after the delay, in order.
 * A connection that the server refuses is reset; `refused` has the port of its client.
 */
export async function startDelayProxy(port, delayMs) {
  const refused = new Set()
  const sockets = new Set()
  const half = { allowHalfOpen: true, noDelay: true }

  function accept(client) {
    const upstream = connect({ ...half, port, host: '127.0.0.1' })
    const { remotePort } = client
    upstream.on('error', ({ code }) => code === 'ECONNREFUSED' && refused.add(remotePort))
    carry(upstream, client, delayMs)
    carry(client, upstream, delayMs)
    sockets.add(upstream)
  }

  const server = createServer(half, (client) => {
    sockets.add(client)
    client.once('error', () => {})
    setTimeout(accept, delayMs, client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: server.address().port,
    refused,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Hands on what comes from one side. Timers of the same length fire in the order in which they were set. */
function carry(from, to, delayMs) {
  const later = (act) => setTimeout(() => to.destroyed || act(), delayMs)
  let failed = false
  from.on('data', (chunk) => later(() => to.write(chunk)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => {
    failed = true
  })
  from.on('close', () => later(() => failed && to.resetAndDestroy()))
}
