import type { Socket } from 'node:net'

import { followAnswers } from './answers.ts'
import { createConnection, isUnfinished } from './connection.ts'
import type { Connection } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { createEndings } from './endings.ts'
import type { EndingMeans } from './endings.ts'
import type { GateKeeper } from './gate.ts'
import { createPartings } from './partings.ts'
import type { Partings } from './partings.ts'
import { createPatience } from './patience.ts'
import type { PatienceKeeper, PatienceLimits } from './patience.ts'

/** How long a half-sent head or a TLS handshake holds up a drain once the listener is closed. */
export const headMs = 2_000

/** How long a peer may take to close its side after we closed ours. */
export const lingerMs = 1_000

/**
 * How long a connection stays open after an answer that could not say close. A client with more to ask writes its next request
 * as soon as it has read that answer; one that is farther away than this round trip may see its request unanswered and unexecuted.
 */
const tailMs = 25

/** What happened to requests so far; the fields of the same names in the report. */
export interface RequestCounts {
  completed: number
  refused: number
}

/** The connections of a draining server, and what becomes of each. */
export interface Roster extends GateKeeper {
  /** Takes a connection in, if it is not known yet. */
  readonly enter: (socket: Socket) => void
  readonly knows: (socket: Socket) => boolean
  /** From now on idle connections are closed after the quiet period, and what never ends by itself is ended. */
  readonly dismiss: () => void
  /** Milliseconds until requests may have ceased to come; 0 when they have. */
  readonly restlessMs: () => number
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
  const { partings, patience } = createDepartures(server, limits)
  let dismissed = false

  function find(socket: Socket): Connection {
    const found = known.get(socket)
    if (found !== undefined) return found
    const connection = createConnection(socket)
    known.set(socket, connection)
    socket.on('close', leave)
    // Node calls this after an answer that said close; its own version destroys the socket without waiting for the peer.
    socket.destroySoon = shutSocket
    answers.adopt(connection)
    review(connection)
    return connection
  }

  // One function for all sockets: there may be many thousands.
  function leave(this: Socket): void {
    const connection = find(this)
    patience.reset(connection)
    partings.left(connection)
    known.delete(this)
  }

  function shutSocket(this: Socket): void {
    partings.shut(find(this))
  }

  function review(connection: Connection): void {
    if (dismissed) patience.review(connection)
  }

  const answers = followAnswers(find, {
    insists: () => dismissed && patience.isOver(),
    onHead: endings.onHead,
    onUpgrade: endings.onUpgrade,
    onExecute: patience.interrupt,
    onRefuse: () => (counts.refused += 1),
    onComplete: () => (counts.completed += 1),
    onEnd: (connection) => {
      // What ended during the notice has had time for a next request since.
      if (!connection.closing) connection.untold = dismissed
      if (connection.closing && connection.owed.size === 0) partings.shut(connection)
      else review(connection)
    },
  })

  return {
    ...answers,
    enter: find,
    knows: (socket) => known.has(socket),
    dismiss: () => {
      dismissed = true
      known.forEach(review)
      endings.begin([...known.values()])
    },
    restlessMs: patience.restlessMs,
    sockets: () => [...known.keys()],
    unfinished: () => [...known.values()].filter(isUnfinished).length,
    counts,
    stop: patience.stop,
  }
}

/** How long connections are waited for, and how they are closed: each needs the other. */
function createDepartures(
  server: HttpServer,
  limits: RosterLimits,
): { partings: Partings; patience: PatienceKeeper } {
  const onShut = (connection: Connection): void => patience.reset(connection)
  const partings = createPartings(lingerMs, onShut)
  const patience = createPatience(server, patienceLimits(limits), partings.shut)
  return { partings, patience }
}

function patienceLimits({ quietMs, deadlineMs }: RosterLimits): PatienceLimits {
  const unrest = Math.min(10 * quietMs, deadlineMs / 2)
  return { quiet: quietMs, tail: Math.min(quietMs, tailMs), head: headMs, unrest }
}
