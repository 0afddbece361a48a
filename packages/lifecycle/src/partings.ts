import type { Connection } from './connection.ts'
import { createLingering } from './linger.ts'

/** How connections are closed. */
export interface Partings {
  /** Closes our side once everything is written, and then waits for the peer. Nothing is executed from now on. */
  readonly shut: (connection: Connection) => void
  /** The same for a connection that was idle for its whole quiet period; where very many part at once, without the wait. */
  readonly dismiss: (connection: Connection) => void
  /** The connection is closed. */
  readonly left: (connection: Connection) => void
}

/**
 * How many idle connections are waited for. Waiting costs a few system calls for each, which for ten thousand of them takes
 * longer than a request may take; beyond this number they are closed as Node's own `server.close` closes them. Nothing is
 * executed or lost by that: only a request that crosses the close sees a reset where it would else have seen an end.
 */
const mostAwaited = 512

/** `onShut` is called before a connection's side is closed; each peer has `lingerMs` to close its own. */
export function createPartings(
  lingerMs: number,
  onShut: (connection: Connection) => void,
): Partings {
  const lingering = createLingering(lingerMs)
  let awaited = 0

  function mark(connection: Connection): void {
    connection.shut = true
    connection.closing = true
    onShut(connection)
  }

  function shut(connection: Connection): void {
    if (connection.shut) return
    mark(connection)
    // What is left of the last request's body would keep the end of the connection from being read.
    connection.newest?.req.resume()
    lingering.enter(connection.socket)
  }

  function dismiss(connection: Connection): void {
    awaited += 1
    if (awaited <= mostAwaited || connection.shut) return shut(connection)
    mark(connection)
    connection.socket.destroy()
  }

  return {
    shut,
    dismiss,
    left: ({ socket }) => lingering.leave(socket),
  }
}
