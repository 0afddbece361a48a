import type { Socket } from 'node:net'

import type { Connections } from './connections.ts'
import { installGate } from './gate.ts'
import { closeListener } from './listener.ts'
import { stopCheckingConnections } from './node-internals.ts'
import { createOccurrence } from './occurrence.ts'
import { createRoster, headMs } from './roster.ts'
import type { RequestCounts, RosterLimits } from './roster.ts'
import type { Terminator } from './terminator.ts'

/** What happened so far; the fields of the same names in the report. */
export interface DrainCounts extends Readonly<RequestCounts> {
  readonly forced: number
}

/** The drain of one server, from the instant it was made. */
export interface ServerDrain {
  /**
   * Ends the notice: no new connections, and idle ones are closed after the quiet period. Resolves when the listener and every
   * connection are closed. Idempotent.
   */
  readonly close: () => Promise<void>
  /** Destroys what is left, and counts what was unfinished. */
  readonly force: () => Promise<void>
  readonly counts: () => DrainCounts
}

/**
 * Begins to drain a server: from this call on every answer says `Connection: close`.
 *
 * Three rules keep requests from being lost. We close a connection only after its peer was told so, or after it was idle for
 * the quiet period. What the peer sends after that is read and never executed. And closing means to close our side after the
 * last byte is written, and then to wait for the peer.
 */
export function drainServer(
  connections: Connections,
  terminator: Terminator,
  limits: RosterLimits,
): ServerDrain {
  const { server, opening } = connections
  const roster = createRoster(server, limits)
  const cut = createOccurrence()
  let forced = 0
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    const listener = await closeListener(server)
    roster.dismiss()
    const handshakes = setTimeout(() => destroyAll(connections.handshakes()), headMs)
    await Promise.race([listener.empty, cut.happened])
    // A server does not count connections that were handed to it, and a TLS socket closes after the TCP socket below it.
    await roster.empty()
    clearTimeout(handshakes)
    listener.release()
    release()
  }

  function release(): void {
    roster.stop()
    openGate()
    server.removeListener(opening, roster.enter)
    connections.release()
    stopCheckingConnections(server)
  }

  async function force(): Promise<void> {
    forced += roster.unfinished()
    await terminator.terminate()
    destroyAll([...connections.handshakes(), ...roster.sockets()])
    server.closeAllConnections()
    cut.happen()
    await closed
  }

  const openGate = installGate(server, roster)
  server.on(opening, roster.enter)
  for (const socket of connections.sockets) roster.enter(socket)

  return {
    close: () => (closed ??= close()),
    force,
    counts: () => ({ ...roster.counts, forced }),
  }
}

function destroyAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}
