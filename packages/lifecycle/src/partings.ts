import type { Connection } from './connection.ts'
import { createLingering } from './linger.ts'

/** How connections are closed. */
export interface Partings {
  /** Closes our side once everything is written, and then waits for the peer. Nothing is executed from now on. */
  readonly shut: (connection: Connection) => void
  /** The connection is closed. */
  readonly left: (connection: Connection) => void
}

/** Each peer has `lingerMs` to close its side after ours. `onShut` is called before our side is. */
export function createPartings(
  lingerMs: number,
  onShut: (connection: Connection) => void,
): Partings {
  const lingering = createLingering(lingerMs)

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

  return {
    shut,
    left: ({ socket }) => lingering.leave(socket),
  }
}
