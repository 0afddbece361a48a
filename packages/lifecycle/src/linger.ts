import type { Socket } from 'node:net'

/**
 * Closes our side once everything is written, keeps reading until the peer closes its side, and destroys the socket when the
 * peer takes longer than `limitMs` after that.
 *
 * Reading on is what makes the close safe: closing a socket with unread bytes resets it, and a reset can take the last answer
 * away from a peer that has not read it yet (RFC 9112, 9.6). What is read must not be executed: the caller's duty.
 */
export function linger(socket: Socket, limitMs: number): void {
  if (socket.destroyed) return
  socket.end(() => {
    if (socket.destroyed) return
    const timer = setTimeout(() => socket.destroy(), limitMs)
    socket.once('close', () => clearTimeout(timer))
  })
  socket.resume()
}
