import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { Connection } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { endInPlace, isEventStream } from './event-stream.ts'
import { isWebSocketLike } from './goodbye.ts'
import type { Goodbyes } from './goodbye.ts'
import { isUpgraded, webSocketOver } from './node-internals.ts'
import type { Spread } from './spread.ts'

/** Ends what never ends by itself on the connections of an HTTP/1.1 server, once that began. */
export interface Endings {
  readonly begin: (connections: readonly Connection[]) => void
  /** A response's head was written; it may be that of an event stream. */
  readonly onHead: (response: ServerResponse) => void
  /** A connection is about to be handed over to another protocol. */
  readonly onUpgrade: (connection: Connection) => void
}

/** What endings are made of. */
export interface EndingMeans {
  readonly spread: Spread
  readonly goodbyes: Goodbyes
}

/** Has not begun yet. */
export function createEndings(server: HttpServer, { spread, goodbyes }: EndingMeans): Endings {
  let begun = false

  function endUpgraded(socket: Socket): void {
    const webSocket = webSocketOver(socket)
    if (isWebSocketLike(webSocket)) goodbyes.webSocket(webSocket)
    // Nothing tells a tunnel from an upgrade once it is open. A tunnel carries a conversation that may end by itself.
    else if (server.listenerCount('connect') === 0) goodbyes.raw(socket)
  }

  return {
    begin: (connections) => {
      begun = true
      const upgraded = connections.filter(({ socket }) => isUpgraded(socket))
      spread.add(
        upgraded.map(
          ({ socket }) =>
            () =>
              endUpgraded(socket),
        ),
      )
      const streams = connections.flatMap(({ owed }) => [...owed]).filter(isEventStream)
      spread.add(streams.map((response) => () => endInPlace(response)))
    },
    onHead: (response) => {
      if (begun && isEventStream(response)) spread.add([() => endInPlace(response)])
    },
    onUpgrade: ({ socket }) => {
      if (begun) spread.add([() => endUpgraded(socket)])
    },
  }
}
