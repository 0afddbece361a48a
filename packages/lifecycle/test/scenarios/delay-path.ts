import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A way to a server that takes its time, so that what the two sides send can cross. */
export interface DelayPath {
  readonly port: number
  /** Cuts what is left. */
  readonly close: () => Promise<void>
}

/** Bytes, ends and resets arrive in their order, each so much later. */
export async function openDelayPath(target: number, eachWayMs = 5): Promise<DelayPath> {
  const open = new Set<Socket>()
  const settings = { allowHalfOpen: true, noDelay: true }
  const server = createServer(settings, (near) => {
    const far = connect({ ...settings, port: target, host: '127.0.0.1' })
    carry(near, far, eachWayMs)
    carry(far, near, eachWayMs)
    for (const socket of [near, far]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      for (const socket of open) socket.destroy()
      await once(server, 'close')
    },
  }
}

// Timers of one length fire in the order in which they were set.
function carry(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs))
  from.once('end', () => setTimeout(() => to.end(), delayMs))
  from.on('error', () => {})
  from.once('close', (broken) => {
    if (broken) setTimeout(() => to.resetAndDestroy(), delayMs)
  })
}
