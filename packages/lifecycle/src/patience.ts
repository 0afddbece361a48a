import { inspect, patienceFor } from './connection.ts'
import type { Connection, Patience } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { receivingSockets } from './node-internals.ts'

/** Milliseconds that connections are given. */
export interface PatienceLimits extends Readonly<Record<Patience, number>> {
  /**
   * How long, from the start of the drain, idle connections are left alone because requests keep coming on others: a client
   * pool that is in use would next use one of the idle ones. Since every answer says close, such a pool runs dry by itself.
   */
  readonly unrest: number
}

/** Gives each connection without a response its time, and closes it when that passed and nothing came. */
export interface PatienceKeeper {
  /** The connection may have become idle: look at it soon. */
  readonly review: (connection: Connection) => void
  /** A request came: whatever time the connection was given no longer counts, and the server is not quiet. */
  readonly interrupt: (connection: Connection) => void
  /** Whatever time the connection was given no longer counts. */
  readonly reset: (connection: Connection) => void
  /** Forgets all connections under review. */
  readonly stop: () => void
}

/**
 * How many connections are closed before the event loop reads again. A request that reached the system in the meantime is then
 * seen before its connection's turn comes.
 */
const batchSize = 64

/** Reviews happen just after the event loop has read what arrived, so that a request which is here already keeps its connection. */
export function createPatience(
  server: HttpServer,
  limitsMs: PatienceLimits,
  shut: (connection: Connection) => void,
): PatienceKeeper {
  const queue = new Set<Connection>()
  const unrestEndsAt = performance.now() + limitsMs.unrest
  let quietAt = 0
  let turn: NodeJS.Immediate | undefined

  function review(connection: Connection): void {
    if (connection.shut || connection.socket.destroyed) return
    queue.add(connection)
    turn ??= setImmediate(reviewBatch)
  }

  function reviewBatch(): void {
    const receiving = receivingSockets(server)
    const batch = [...take(queue, batchSize)]
    turn = queue.size > 0 ? setImmediate(reviewBatch) : undefined
    for (const connection of batch) judge(connection, patienceFor(inspect(connection, receiving)))
  }

  function judge(connection: Connection, patience: Patience | undefined): void {
    if (patience === undefined) reset(connection)
    else if (patience !== connection.patience) grant(connection, patience, limitsMs[patience])
    else if (connection.patienceOver) part(connection, patience)
  }

  function part(connection: Connection, patience: Patience): void {
    const unrestMs = Math.min(quietAt, unrestEndsAt) - performance.now()
    if (patience === 'quiet' && unrestMs > 0) grant(connection, patience, unrestMs)
    else shut(connection)
  }

  function grant(connection: Connection, patience: Patience, limitMs: number): void {
    reset(connection)
    connection.patience = patience
    connection.timer = setTimeout(() => {
      connection.patienceOver = true
      review(connection)
    }, limitMs)
  }

  function interrupt(connection: Connection): void {
    reset(connection)
    quietAt = performance.now() + limitsMs.quiet
  }

  return {
    review,
    interrupt,
    reset,
    stop: () => {
      clearImmediate(turn)
      queue.clear()
    },
  }
}

function* take(queue: Set<Connection>, count: number): Generator<Connection> {
  let left = count
  for (const connection of queue) {
    if (left === 0) return
    left -= 1
    queue.delete(connection)
    yield connection
  }
}

function reset(connection: Connection): void {
  clearTimeout(connection.timer)
  connection.patience = undefined
  connection.patienceOver = false
}
