import type { Connection } from './connection.ts'
import { createLingering } from './linger.ts'

/** How connections are closed. */
export interface Partings {
  /** Closes our side once everything is written, and then waits for the peer. Nothing is executed from now on. */
  readonly shut: (connection: Connection) => void
  /** The same for a connection that was idle for its whole quiet period; in a crowd, without the wait. */
  readonly dismiss: (connection: Connection) => void
  /** The connection is closed. */
  readonly left: (connection: Connection) => void
}

/**
 * How many open connections are a crowd. Waiting for an idle peer costs a few system calls, which for ten thousand of them takes
 * longer than most requests; those of a crowd are closed as Node's own `server.close` closes them. Nothing is executed or lost by
 * that: only a request that crosses the close sees a reset where it would else have seen an end.
 */
const crowd = 512

/** What partings know of the connections that are open. */
export interface PartingEvents {
  /** How many there are. */
  readonly size: () => number
  /** Our side is about to be closed. */
  readonly onShut: (connection: Connection) => void
}

/** Each peer has `lingerMs` to close its side after ours. */
export function createPartings(lingerMs: number, { size, onShut }: PartingEvents): Partings {
  const lingering = createLingering(lingerMs)
  let crowded = false

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
    // A crowd stays one until its last connection has gone.
    crowded ||= size() > crowd
    if (!crowded || connection.shut) return shut(connection)
    mark(connection)
    connection.socket.destroy()
  }

  return {
    shut,
    dismiss,
    left: ({ socket }) => lingering.leave(socket),
  }
}
