import type { Socket } from 'node:net'

import { followAnswers } from './answers.ts'
import { createConnection, isUnfinished } from './connection.ts'
import type { Connection } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { createEndings } from './endings.ts'
import type { EndingMeans } from './endings.ts'
import type { GateKeeper } from './gate.ts'
import { linger } from './linger.ts'
import { createPatience } from './patience.ts'
import type { PatienceLimits } from './patience.ts'
import { createVacancy } from './vacancy.ts'

/** How long a half-sent head or a TLS handshake holds up a drain once the listener is closed. */
export const headMs = 2_000

/** How long a peer may take to close its side after we closed ours. */
export const lingerMs = 1_000

/** What happened to requests so far; the fields of the same names in the report. */
export interface RequestCounts {
  completed: number
  refused: number
}

/** The connections of a draining server, and what becomes of each. */
export interface Roster extends GateKeeper {
  /** Takes a connection in, if it is not known yet. */
  readonly enter: (socket: Socket) => void
  /** From now on idle connections are closed after the quiet period, and what never ends by itself is ended. */
  readonly dismiss: () => void
  /** Resolves when every connection is closed. */
  readonly empty: () => Promise<void>
  /** Connections that are still open. */
  readonly sockets: () => Socket[]
  /** How many of them would lose something if they were cut now. */
  readonly unfinished: () => number
  readonly counts: Readonly<RequestCounts>
  readonly stop: () => void
}

/** What the options say about the time of connections. */
export interface RosterLimits {
  readonly quietMs: number
  readonly deadlineMs: number
}

/** Nobody is known yet. */
export function createRoster(server: HttpServer, limits: RosterLimits, means: EndingMeans): Roster {
  const endings = createEndings(server, means)
  const known = new Map<Socket, Connection>()
  const counts: RequestCounts = { completed: 0, refused: 0 }
  const patience = createPatience(server, patienceLimits(limits), shut)
  const vacancy = createVacancy(() => known.size)
  let dismissed = false

  function find(socket: Socket): Connection {
    const found = known.get(socket)
    if (found !== undefined) return found
    const connection = createConnection(socket)
    known.set(socket, connection)
    socket.once('close', () => {
      patience.reset(connection)
      known.delete(socket)
      vacancy.left()
    })
    // Node calls this after an answer that said close; its own version destroys the socket without waiting for the peer.
    socket.destroySoon = () => shut(connection)
    answers.adopt(connection)
    review(connection)
    return connection
  }

  function review(connection: Connection): void {
    if (dismissed) patience.review(connection)
  }

  function shut(connection: Connection): void {
    if (connection.shut) return
    connection.shut = true
    connection.closing = true
    patience.reset(connection)
    // What is left of the last request's body would keep the end of the connection from being read.
    connection.newest?.req.resume()
    linger(connection.socket, lingerMs)
  }

  const answers = followAnswers(find, {
    onHead: endings.onHead,
    onUpgrade: endings.onUpgrade,
    onExecute: patience.interrupt,
    onRefuse: () => (counts.refused += 1),
    onComplete: () => (counts.completed += 1),
    onEnd: (connection) => {
      if (connection.closing && connection.owed.size === 0) shut(connection)
      else review(connection)
    },
  })

  return {
    ...answers,
    enter: find,
    dismiss: () => {
      dismissed = true
      for (const connection of known.values()) review(connection)
      endings.begin([...known.values()])
    },
    empty: vacancy.empty,
    sockets: () => [...known.keys()],
    unfinished: () => [...known.values()].filter(isUnfinished).length,
    counts,
    stop: patience.stop,
  }
}

function patienceLimits({ quietMs, deadlineMs }: RosterLimits): PatienceLimits {
  return { quiet: quietMs, head: headMs, unrest: Math.min(10 * quietMs, deadlineMs / 2) }
}
