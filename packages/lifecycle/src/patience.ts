import { patienceFor } from './connection.ts'
import type { Connection, Patience, Phase } from './connection.ts'
import type { HttpServer } from './connections.ts'
import { createReviews } from './reviews.ts'
import { createUnrest } from './unrest.ts'
import type { UnrestLimits } from './unrest.ts'
import { createWaitingRoom } from './waiting-room.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** Milliseconds that connections are given. */
export interface PatienceLimits extends Readonly<Record<Patience, number>>, UnrestLimits {}

/** Gives each connection without a response its time, and closes it when that passed and nothing came. */
export interface PatienceKeeper {
  /** The connection may have become idle: look at it soon. */
  readonly review: (connection: Connection) => void
  /** A request came: whatever time the connection was given no longer counts, and the server is not quiet. */
  readonly interrupt: (connection: Connection) => void
  /** Whatever time the connection was given no longer counts. */
  readonly reset: (connection: Connection) => void
  /** Milliseconds until the server may have become quiet; 0 when it is. */
  readonly restlessMs: () => number
  /** Whether clients had all the time there is to become quiet. */
  readonly isOver: () => boolean
  /** Forgets all connections under review. */
  readonly stop: () => void
}

/** Nobody was given time yet. `shut` is called with connections whose time passed. */
export function createPatience(
  server: HttpServer,
  limitsMs: PatienceLimits,
  shut: (connection: Connection) => void,
): PatienceKeeper {
  const reviews = createReviews(server, judge)
  const unrest = createUnrest(limitsMs, reviews.add)
  const rooms: Readonly<Record<Patience, WaitingRoom<Connection>>> = {
    quiet: createWaitingRoom(limitsMs.quiet, lose),
    tail: createWaitingRoom(limitsMs.tail, lose),
    head: createWaitingRoom(limitsMs.head, lose),
  }

  function judge(connection: Connection, phase: Phase): boolean {
    const patience = patienceFor(connection, phase)
    if (patience === undefined) reset(connection)
    else if (patience !== connection.patience) grant(connection, patience)
    else if (connection.patienceOver) return part(connection, patience)
    return false
  }

  function part(connection: Connection, patience: Patience): boolean {
    if (patience !== 'head' && unrest.holds(connection)) return false
    shut(connection)
    return true
  }

  function grant(connection: Connection, patience: Patience): void {
    reset(connection)
    connection.patience = patience
    rooms[patience].enter(connection)
  }

  function lose(connection: Connection): void {
    connection.patienceOver = true
    reviews.add(connection)
  }

  function reset(connection: Connection): void {
    if (connection.patience === undefined) return
    rooms[connection.patience].leave(connection)
    unrest.release(connection)
    connection.patience = undefined
    connection.patienceOver = false
  }

  return {
    review: reviews.add,
    interrupt: (connection) => {
      reset(connection)
      unrest.stir()
    },
    reset,
    restlessMs: unrest.leftMs,
    isOver: unrest.isOver,
    stop: () => {
      reviews.stop()
      unrest.stop()
      for (const room of Object.values(rooms)) room.clear()
    },
  }
}
