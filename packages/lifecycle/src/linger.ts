import type { Socket } from 'node:net'

import { createWaitingRoom } from './waiting-room.ts'

/** Connections whose peers are to close their sides after ours. */
export interface Lingering {
  /**
   * Closes our side once everything is written, keeps reading until the peer closes its side, and destroys the socket when the
   * peer takes too long after that.
   *
   * Reading on is what makes the close safe: closing a socket with unread bytes resets it, and a reset can take the last answer
   * away from a peer that has not read it yet (RFC 9112, 9.6). What is read must not be executed: the caller's duty.
   */
  readonly enter: (socket: Socket) => void
  /** The socket is closed. */
  readonly leave: (socket: Socket) => void
}

/** Nobody lingers yet; each peer has `limitMs`. */
export function createLingering(limitMs: number): Lingering {
  const room = createWaitingRoom<Socket>(limitMs, (socket) => socket.destroy())

  function wait(this: Socket): void {
    if (!this.destroyed) room.enter(this)
  }

  return {
    enter: (socket) => {
      if (socket.destroyed) return
      socket.on('finish', wait)
      socket.end()
      // Node ends the socket again when it sees the peer's end, which costs an error with a stack trace that nobody gets.
      socket.end = endNoMore
      socket.resume()
    },
    leave: room.leave,
  }
}

function endNoMore(this: Socket, ...args: unknown[]): Socket {
  const done = args.at(-1)
  if (typeof done === 'function') process.nextTick(done)
  return this
}
