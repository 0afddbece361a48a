import { inspect } from './connection.ts'
import type { Connection, Phase } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { receivingSockets } from './node-internals.ts'

/** Connections that are looked at soon. */
export interface Reviews {
  readonly add: (connection: Connection) => void
  /** Forgets all of them. */
  readonly stop: () => void
}

/**
 * How many connections are closed before the event loop reads again. A request that reached the system in the meantime is then
 * seen before its connection's turn comes.
 */
export const mostClosed = 64

/**
 * Looks at connections just after the event loop has read what arrived, so that a request which is here already keeps its
 * connection. `judge` says whether it closed the connection.
 */
export function createReviews(
  server: HttpServer,
  judge: (connection: Connection, phase: Phase) => boolean,
): Reviews {
  const queue = new Set<Connection>()
  let turn: NodeJS.Immediate | undefined

  function reviewSome(): void {
    const receiving = receivingSockets(server)
    let closed = 0
    for (const connection of queue) {
      queue.delete(connection)
      if (isOver(connection)) continue
      if (judge(connection, inspect(connection, receiving))) closed += 1
      if (closed === mostClosed) break
    }
    turn = queue.size > 0 ? setImmediate(reviewSome) : undefined
  }

  return {
    add: (connection) => {
      if (isOver(connection)) return
      queue.add(connection)
      turn ??= setImmediate(reviewSome)
    },
    stop: () => {
      clearImmediate(turn)
      queue.clear()
    },
  }
}

function isOver({ shut, socket }: Connection): boolean {
  return shut || socket.destroyed
}
