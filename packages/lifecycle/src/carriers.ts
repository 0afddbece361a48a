import type { Socket } from 'node:net'

/** The connections under HTTP/2 sessions, which close their sides themselves. */
export interface Carriers {
  /** Takes a connection in, and destroys it when its peer does not close its side in time after ours. */
  readonly enter: (socket: Socket) => void
}

/** Nobody is known yet. */
export function createCarriers(lingerMs: number): Carriers {
  const sockets = new Set<Socket>()

  function enter(socket: Socket): void {
    if (sockets.has(socket) || socket.destroyed) return
    sockets.add(socket)
    let timer: NodeJS.Timeout | undefined
    socket.once('finish', () => {
      timer = setTimeout(() => socket.destroy(), lingerMs)
    })
    socket.once('close', () => {
      clearTimeout(timer)
      sockets.delete(socket)
    })
  }

  return { enter }
}
