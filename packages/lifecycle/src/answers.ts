import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { decideClose } from './close-header.ts'
import type { Connection } from './connection.ts'
import type { GateKeeper } from './gate.ts'
import { hasRequestBehind, responseOf } from './node-internals.ts'

/** What happens to answers, as far as the rest of the drain cares. */
export interface AnswerEvents {
  /**
   * Whether clients had time enough to run dry. From then on a request behind one that can still say close is not executed:
   * whoever pipelines without a gap would otherwise never be told.
   */
  readonly insists: () => boolean
  /** A request is about to be executed. */
  readonly onExecute: (connection: Connection) => void
  /** A connection is about to be handed over to another protocol. */
  readonly onUpgrade: (connection: Connection) => void
  /** A request was kept from being executed. */
  readonly onRefuse: () => void
  /** A response's head was written. */
  readonly onHead: (response: ServerResponse) => void
  /** A response's last byte was handed to the system. */
  readonly onComplete: () => void
  /** A response ended, well or not; `closing` says whether it was the last one. */
  readonly onEnd: (connection: Connection) => void
}

/** Follows the requests of connections and lets the last answer on each say `Connection: close`. */
export interface Answers extends GateKeeper {
  /** Takes over the response that was already being written when the connection came to be known. */
  readonly adopt: (connection: Connection) => void
}

/** `find` gives the connection of a socket, which may have been unknown so far. */
export function followAnswers(find: (socket: Socket) => Connection, events: AnswerEvents): Answers {
  function owe(connection: Connection, response: ServerResponse): void {
    if (connection.owed.has(response)) return
    connection.owed.add(response)
    decideClose(response, {
      shouldClose: () => connection.newest === response,
      onClose: () => {
        connection.closing = true
      },
      onHead: () => events.onHead(response),
    })
    response.once('close', () => {
      connection.owed.delete(response)
      if (response.writableFinished) events.onComplete()
      adopt(connection)
      events.onEnd(connection)
    })
  }

  // Requests that were pipelined before the drain come to the front one by one; the last of them says close.
  function adopt(connection: Connection): void {
    const front = responseOf(connection.socket)
    if (front === undefined || connection.closing) return
    if (!hasRequestBehind(connection.socket, front)) connection.newest ??= front
    owe(connection, front)
  }

  function onRequest(socket: Socket, response: ServerResponse): boolean {
    const connection = find(socket)
    if (connection.closing || (events.insists() && canStillSayClose(connection))) {
      events.onRefuse()
      return false
    }
    connection.newest = response
    owe(connection, response)
    events.onExecute(connection)
    return true
  }

  function onUpgrade(socket: Socket): boolean {
    const connection = find(socket)
    if (connection.closing) events.onRefuse()
    else events.onUpgrade(connection)
    return !connection.closing
  }

  return { adopt, onRequest, onUpgrade }
}

function canStillSayClose({ newest, owed }: Connection): boolean {
  return newest !== undefined && owed.has(newest) && !newest.headersSent
}
