import type { Socket } from 'node:net'

import { isAtRest } from './connection.ts'
import type { Connections } from './connections.ts'
import type { GateKeeper } from './gate.ts'
import { receivingSockets } from './node-internals.ts'
import { createOccurrence } from './occurrence.ts'
import { mostClosed } from './reviews.ts'
import type { Roster } from './roster.ts'

/**
 * Idle connections of a crowd. Nothing is kept about one of them until something comes on it, and their peers are not waited for:
 * for ten thousand of them each would take longer than most requests. They are closed as Node's own `server.close` closes them.
 * Nothing is executed or lost by that: only a request that crosses the close sees a reset where it would else have seen an end.
 *
 * Where the process exits next, and there is nobody else, they are left to it: the system closes them in the same way, in a
 * fraction of the time. Nothing is executed from then on.
 */
export interface Bystanders extends GateKeeper {
  /** Closes them after the quiet period, and later where requests keep coming. */
  readonly dismiss: () => void
  /** Happens when they are left to the end of the process. */
  readonly stay: Promise<void>
  /** Forgets them. */
  readonly stop: () => void
}

/** When bystanders go. */
export interface BystanderLimits {
  readonly quietMs: number
  /** Whether the process exits as soon as this server's connections are closed. */
  readonly exitIsNext: () => boolean
}

/** Those that the roster does not know when their turn comes. */
export function createBystanders(
  connections: Connections,
  roster: Roster,
  { quietMs, exitIsNext }: BystanderLimits,
): Bystanders {
  const { server, sockets, carriesSession } = connections
  const stay = createOccurrence()
  let staying = false
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
    if (exitIsNext() && roster.sockets().length === 0 && areAtRest(connections, receiving)) {
      staying = true
      stay.happen()
      return
    }
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
    onRequest: (socket, response) => !staying && roster.onRequest(socket, response),
    onUpgrade: (socket) => !staying && roster.onUpgrade(socket),
    stay: stay.happened,
    dismiss: () => wait(quietMs),
    stop: () => {
      clearTimeout(timer)
      clearImmediate(turn)
    },
  }
}

function areAtRest(
  { sockets, carriesSession, handshakes }: Connections,
  receiving: ReadonlySet<Socket> | undefined,
): boolean {
  if (handshakes().length > 0) return false
  for (const socket of sockets)
    if (carriesSession(socket) || !isAtRest(socket, receiving)) return false
  return true
}
