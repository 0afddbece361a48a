import { once } from 'node:events'
import { Agent } from 'node:http'
import type { Socket } from 'node:net'

/** The client side of the load: as many connections as it takes, some of them kept. */
export interface LoadConnections {
  readonly agent: Agent
  /** Ends every connection; resolves when the last one is closed. */
  close(): Promise<void>
}

/**
 * Creates the connections of one run. A new one is opened whenever all are busy, since waiting for
 * one would close the loop; at most `keptIdle` are kept, and used in turn so that each is met idle.
 */
export function loadConnections(keptIdle: number): LoadConnections {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: keptIdle, scheduling: 'fifo' })
  return {
    agent,
    close: async () => {
      // A connection that comes about for a request that was given up is handed back as idle: it must not be kept.
      agent.maxFreeSockets = 0
      // The agent lists a socket until it emits 'close'.
      const closed = socketsOf(agent).map((socket) => once(socket, 'close'))
      agent.destroy()
      // A socket that ends in an error still closes, and its request has been counted by then.
      await Promise.allSettled(closed)
    },
  }
}

function socketsOf(agent: Agent): Socket[] {
  return [agent.sockets, agent.freeSockets].flatMap((byHost) =>
    Object.values(byHost).flatMap((sockets) => sockets ?? []),
  )
}
