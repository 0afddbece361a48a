import type { Socket } from 'node:net'

/** Cuts connections whose clients take nothing of what waits for them. */
export interface StallWatch {
  /** Watches `socket` until it is closed. */
  add(socket: Socket): void
}

/** How far a client came. */
interface Progress {
  taken: number
  at: number
}

/** How often a limit is looked at, in parts of it. */
const LOOKS = 4

/**
 * A connection of which nothing was handed on for `limitMs`, though something waits, is cut. One that has nothing to be
 * sent may stay for as long as it likes. A limit of 0 is none.
 */
export function stallWatch(limitMs: number): StallWatch {
  const watched = new Map<Socket, Progress>()
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const now = performance.now()
    for (const [socket, progress] of watched)
      if (isStalled(socket, progress, now, limitMs)) socket.destroy()
  }

  return {
    add(socket) {
      if (limitMs === 0) return
      timer ??= setInterval(look, Math.max(10, limitMs / LOOKS)).unref()
      watched.set(socket, { taken: 0, at: performance.now() })
      socket.once('close', () => {
        watched.delete(socket)
        if (watched.size > 0) return
        clearInterval(timer)
        timer = undefined
      })
    },
  }
}

function isStalled(socket: Socket, progress: Progress, now: number, limitMs: number): boolean {
  const taken = socket.bytesWritten - socket.writableLength
  if (socket.writableLength > 0 && taken === progress.taken) return now - progress.at >= limitMs
  progress.taken = taken
  progress.at = now
  return false
}
