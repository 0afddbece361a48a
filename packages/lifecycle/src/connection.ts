import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { canSeeResponses, isUpgraded, responseOf } from './node-internals.ts'

/** One connection during a drain. */
export interface Connection {
  readonly socket: Socket
  /** Responses that the application owes, or that are not handed to the system yet. */
  readonly owed: Set<ServerResponse>
  /** The response to the last request that was executed; the only one that may say `Connection: close`. */
  newest: ServerResponse | undefined
  /** No further request is executed: its last answer said `Connection: close`, or our side is closed. */
  closing: boolean
  /** An answer ended during the drain without having said close, since its head had left before. */
  untold: boolean
  /** Our side is closed, or will be once everything is written. */
  shut: boolean
  /** What it was last given time for, and whether that time passed. */
  patience: Patience | undefined
  patienceOver: boolean
}

/** A connection about which nothing is known yet. */
export function createConnection(socket: Socket): Connection {
  return {
    socket,
    owed: new Set(),
    newest: undefined,
    closing: false,
    untold: false,
    shut: false,
    patience: undefined,
    patienceOver: false,
  }
}

/**
 * - `silent`: never sent a byte.
 * - `receiving`: in the middle of a request's head.
 * - `answering`: owes a response, or has not handed all of one to the system.
 * - `idle`: between requests.
 * - `upgraded`: speaks another protocol.
 * - `unknown`: this Node does not tell; its own keep-alive timeout or the deadline ends it.
 */
export type Phase = 'silent' | 'receiving' | 'answering' | 'idle' | 'upgraded' | 'unknown'

/** Facts from which a phase follows. */
export interface ConnectionFacts {
  readonly owes: boolean
  readonly upgraded: boolean
  readonly bytesRead: number
  /** `undefined` where this Node does not tell. */
  readonly receiving: boolean | undefined
  readonly seesResponses: boolean
}

/** What a connection is doing. Pure. Where facts are missing it errs towards the phase that waits longer. */
export function phaseOf(facts: ConnectionFacts): Phase {
  if (facts.owes) return 'answering'
  if (facts.upgraded) return 'upgraded'
  if (facts.bytesRead === 0) return 'silent'
  if (!facts.seesResponses) return 'unknown'
  return facts.receiving === false ? 'idle' : 'receiving'
}

/** Looks at a connection now. */
export function inspect(
  { socket, owed }: Connection,
  receiving: ReadonlySet<Socket> | undefined,
): Phase {
  return phaseOf({
    owes: owed.size > 0 || responseOf(socket) !== undefined,
    upgraded: isUpgraded(socket),
    bytesRead: socket.bytesRead,
    receiving: receiving?.has(socket),
    seesResponses: canSeeResponses(),
  })
}

/**
 * Whether a connection about which nothing is known is `idle` or `silent`. Asked of every connection, so it looks no further than
 * it must.
 */
export function isAtRest(socket: Socket, receiving: ReadonlySet<Socket> | undefined): boolean {
  if (receiving === undefined || !canSeeResponses()) return false
  if (responseOf(socket) !== undefined || isUpgraded(socket)) return false
  return !receiving.has(socket) || socket.bytesRead === 0
}

/**
 * Time that a connection without a response is given.
 *
 * - `quiet`: the quiet period.
 * - `tail`: the same, after an answer that could not say close, for the request that a client has ready to follow it.
 * - `head`: to finish a head.
 */
export type Patience = 'quiet' | 'tail' | 'head'

/** Which time a connection in this phase is given; `undefined` where something will happen by itself. Pure. */
export function patienceFor(
  { untold }: Pick<Connection, 'untold'>,
  phase: Phase,
): Patience | undefined {
  if (phase === 'idle' || phase === 'silent') return untold ? 'tail' : 'quiet'
  return phase === 'receiving' ? 'head' : undefined
}

/** Whether cutting the connection now would take something from the peer. */
export function isUnfinished(connection: Connection): boolean {
  const { socket, owed, shut } = connection
  if (socket.destroyed) return false
  if (owed.size > 0 || socket.writableLength > 0) return true
  if (shut) return false
  return ['answering', 'upgraded', 'unknown'].includes(inspect(connection, undefined))
}
