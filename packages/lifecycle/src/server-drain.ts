import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

import { createBystanders } from './bystanders.ts'
import type { BystanderLimits } from './bystanders.ts'
import { createCarriers } from './carriers.ts'
import { isAtRest } from './connection.ts'
import type { Connections, HttpServer } from './connections.ts'
import { installGate } from './gate.ts'
import type { Goodbyes } from './goodbye.ts'
import { closeListener } from './listener.ts'
import { receivingSockets, stopCheckingConnections } from './node-internals.ts'
import { createOccurrence } from './occurrence.ts'
import { createRoster, headMs, lingerMs } from './roster.ts'
import type { RequestCounts, RosterLimits } from './roster.ts'
import { createSessions } from './sessions.ts'
import { createSpread } from './spread.ts'
import type { Terminator } from './terminator.ts'

/** What happened so far; the fields of the same names in the report. */
export interface DrainCounts extends Readonly<RequestCounts> {
  readonly unresponsive: number
  readonly forced: number
}

/** The drain of one server, from the instant it was made. */
export interface ServerDrain {
  /**
   * Ends the notice: no new connections, and idle ones are closed after the quiet period. Resolves when the listener and every
   * connection are closed. Idempotent.
   */
  readonly close: () => Promise<void>
  /** Ends at once what was to be ended over a while. */
  readonly hasten: () => void
  /** Destroys what is left, and counts what was unfinished. */
  readonly force: () => Promise<void>
  readonly counts: () => DrainCounts
}

/** More open connections than this are a crowd. */
const crowd = 512

/** What the options say about the time of a server. */
export interface DrainLimits extends RosterLimits, BystanderLimits {
  /** Over which what never ends by itself is ended. */
  readonly streamsMs: number
}

/**
 * Begins to drain a server: from this call on every answer says `Connection: close`, and every HTTP/2 session is told GOAWAY.
 *
 * Three rules keep requests from being lost. We close a connection only after its peer was told so, or after it was idle for
 * the quiet period. What the peer sends after that is read and never executed. And closing means to close our side after the
 * last byte is written, and then to wait for the peer (`bystanders.ts` has the exception).
 */
export function drainServer(
  connections: Connections,
  terminator: Terminator,
  limits: DrainLimits,
  goodbyes: Goodbyes,
): ServerDrain {
  const { server } = connections
  const spread = createSpread(limits.streamsMs)
  const roster = createRoster(server, limits, { spread, goodbyes })
  const bystanders = createBystanders(connections, roster, limits)
  const sessions = createSessions(limits.quietMs, spread)
  const carriers = createCarriers(lingerMs)
  const cut = createOccurrence()
  let forced = 0
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    const listener = await closeListener(server)
    spread.begin()
    if (connections.sockets.size > crowd) bystanders.dismiss()
    else connections.sockets.forEach(enter)
    roster.dismiss()
    sessions.dismiss()
    const handshakes = setTimeout(() => destroyAll(connections.handshakes()), headMs)
    await Promise.race([listener.empty, cut.happened, bystanders.stay])
    // A server does not count connections that were handed to it, and a TLS socket closes after the TCP socket below it.
    await Promise.race([connections.empty(), bystanders.stay])
    clearTimeout(handshakes)
    listener.release()
    for (const { stop } of [spread, roster, bystanders, sessions]) stop()
    if (connections.sockets.size === 0) openGate()
    stopWatching()
    connections.release()
    stopCheckingConnections(server)
  }

  async function force(): Promise<void> {
    spread.stop()
    forced += roster.unfinished()
    sessions.force()
    await terminator.terminate(open())
    // Whoever came in the meantime.
    destroyAll(open())
    closeAll(server)
    cut.happen()
    await closed
  }

  function open(): Socket[] {
    return [...new Set([...connections.handshakes(), ...connections.sockets, ...roster.sockets()])]
  }

  function enter(socket: Socket): void {
    ;(connections.carriesSession(socket) ? carriers : roster).enter(socket)
  }

  const openGate = installGate(server, bystanders)
  const stopWatching = watch(connections, enter, sessions.enter)
  for (const socket of busySockets(connections)) enter(socket)
  for (const session of connections.sessions) sessions.adopt(session)

  return {
    close: () => (closed ??= close()),
    hasten: spread.hasten,
    force,
    counts: () => total(roster.counts, sessions.counts, forced),
  }
}

// Of one at rest nothing need be known before something comes on it.
function busySockets({ server, sockets, carriesSession }: Connections): Socket[] {
  const receiving = receivingSockets(server)
  return [...sockets].filter((socket) => carriesSession(socket) || !isAtRest(socket, receiving))
}

function watch(
  { server, opening }: Connections,
  enter: (socket: Socket) => void,
  enterSession: (session: ServerHttp2Session) => void,
): () => void {
  server.on(opening, enter)
  server.on('session', enterSession)
  return () => {
    server.removeListener(opening, enter)
    server.removeListener('session', enterSession)
  }
}

function total(
  requests: RequestCounts,
  streams: { completed: number; forced: number },
  forced: number,
): DrainCounts {
  return {
    completed: requests.completed + streams.completed,
    refused: requests.refused,
    unresponsive: 0,
    forced: forced + streams.forced,
  }
}

function closeAll(server: HttpServer): void {
  if ('closeAllConnections' in server) server.closeAllConnections()
}

function destroyAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy()
}
