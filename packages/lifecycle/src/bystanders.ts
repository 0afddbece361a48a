import type { Socket } from 'node:net'

import { isAtRest } from './connection.ts'
import type { Connections } from './connections.ts'
import { receivingSockets } from './node-internals.ts'
import { mostClosed } from './reviews.ts'
import type { Roster } from './roster.ts'

/**
 * Idle connections of a crowd. Nothing is kept about one of them until something comes on it, and their peers are not waited for:
 * for ten thousand of them each would take longer than most requests. They are closed as Node's own `server.close` closes them.
 * Nothing is executed or lost by that: only a request that crosses the close sees a reset where it would else have seen an end.
 */
export interface Bystanders {
  /** Closes them after the quiet period, and later where requests keep coming. */
  readonly dismiss: () => void
  /** Forgets them. */
  readonly stop: () => void
}

/** Those that the roster does not know when their turn comes. */
export function createBystanders(
  { server, sockets, carriesSession }: Connections,
  roster: Roster,
  quietMs: number,
): Bystanders {
  // Of the set itself: it goes on where it was left, whatever was removed since.
  const left = sockets.values()
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined

  function wait(ms: number): void {
    // Immediates run after the event loop has read what arrived.
    timer = setTimeout(() => (turn = setImmediate(closeSome)), ms)
  }

  function closeSome(): void {
    const restlessMs = roster.restlessMs()
    if (restlessMs > 0) return wait(restlessMs)
    const receiving = receivingSockets(server)
    let closed = 0
    for (const socket of left) {
      if (part(socket, receiving)) closed += 1
      if (closed < mostClosed) continue
      turn = setImmediate(closeSome)
      return
    }
  }

  function part(socket: Socket, receiving: ReadonlySet<Socket> | undefined): boolean {
    if (roster.knows(socket) || carriesSession(socket)) return false
    const parted = isAtRest(socket, receiving)
    if (parted) socket.destroy()
    else roster.enter(socket)
    return parted
  }

  return {
    dismiss: () => wait(quietMs),
    stop: () => {
      clearTimeout(timer)
      clearImmediate(turn)
    },
  }
}
