import type { Socket } from 'node:net'

/** What is used of a `WebSocket` of the `ws` package. */
export interface WebSocketLike {
  /** 3 when it is closed. */
  readonly readyState: number
  readonly close: (code: number, reason: string) => void
  readonly terminate: () => void
  readonly once: (event: 'close', listener: () => void) => unknown
}

/** Takes leave of peers that speak another protocol than HTTP, once each. */
export interface Goodbyes {
  /** Closes with 1001 (going away), waits for the peer to acknowledge, and cuts it when it does not. */
  readonly webSocket: (socket: WebSocketLike) => void
  /** Closes our side, waits for the peer to close its side, and cuts it when it does not. */
  readonly raw: (socket: Socket) => void
  /** Cuts whoever was not given the time to answer, and counts it as forced. */
  readonly force: () => void
  readonly counts: Readonly<{ completed: number; unresponsive: number; forced: number }>
}

/** How long a peer may take to answer. */
const answerMs = 1_000
const goingAway = 1001
const closedState = 3

/** Nobody was told yet. */
export function createGoodbyes(): Goodbyes {
  const counts = { completed: 0, unresponsive: 0, forced: 0 }
  const told = new WeakSet<object>()
  const pending = new Set<(why: 'unresponsive' | 'forced') => void>()

  function tell(
    peer: Pick<WebSocketLike, 'once'> | Socket,
    say: () => void,
    cut: () => void,
  ): void {
    if (told.has(peer)) return
    told.add(peer)
    const cutAs = (why: 'unresponsive' | 'forced'): void => {
      if (!pending.delete(cutAs)) return
      counts.forced += 1
      if (why === 'unresponsive') counts.unresponsive += 1
      cut()
    }
    const timer = setTimeout(cutAs, answerMs, 'unresponsive')
    pending.add(cutAs)
    peer.once('close', () => {
      clearTimeout(timer)
      if (pending.delete(cutAs)) counts.completed += 1
    })
    say()
  }

  return {
    webSocket: (socket) => {
      if (socket.readyState === closedState) return
      const say = (): void => socket.close(goingAway, 'going away')
      tell(socket, say, () => socket.terminate())
    },
    raw: (socket) => {
      if (socket.destroyed) return
      const say = (): void => {
        socket.end()
        // The end of what the peer sends is only seen by reading it.
        socket.resume()
      }
      tell(socket, say, () => socket.destroy())
    },
    force: () => {
      for (const cutAs of pending) cutAs('forced')
    },
    counts,
  }
}

/** Whether a value can be told goodbye as a WebSocket can. */
export function isWebSocketLike(value: unknown): value is WebSocketLike {
  if (typeof value !== 'object' || value === null) return false
  return ['close', 'terminate', 'once'].every(
    (method) => typeof Reflect.get(value, method) === 'function',
  )
}
