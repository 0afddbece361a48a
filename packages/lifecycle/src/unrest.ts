import type { Connection } from './connection.ts'

/** Milliseconds that a server is given to become quiet. */
export interface UnrestLimits {
  /** After its last request. */
  readonly quiet: number
  /** At the most, from the start of the drain. */
  readonly unrest: number
}

/**
 * Idle connections are left alone for a while as long as requests keep coming on others: a client pool that is in use would next
 * use one of the idle ones. Since every answer says close, such a pool runs dry by itself.
 */
export interface Unrest {
  /** A request came. */
  readonly stir: () => void
  /** Whether the connection has to stay for now. It is reviewed again when the server may have become quiet. */
  readonly holds: (connection: Connection) => boolean
  /** Milliseconds until the server may have become quiet; 0 when it is. */
  readonly leftMs: () => number
  /** Whether clients had all the time there is to become quiet. */
  readonly isOver: () => boolean
  /** The connection need not be reviewed. */
  readonly release: (connection: Connection) => void
  /** Forgets everybody. */
  readonly stop: () => void
}

/** No request came yet. */
export function createUnrest(
  limitsMs: UnrestLimits,
  review: (connection: Connection) => void,
): Unrest {
  const held = new Set<Connection>()
  const endsAt = performance.now() + limitsMs.unrest
  let quietAt = 0
  let timer: NodeJS.Timeout | undefined

  function reviewAll(): void {
    timer = undefined
    for (const connection of held) review(connection)
    held.clear()
  }

  function leftMs(): number {
    return Math.max(0, Math.min(quietAt, endsAt) - performance.now())
  }

  return {
    stir: () => {
      quietAt = performance.now() + limitsMs.quiet
    },
    holds: (connection) => {
      const restMs = leftMs()
      if (restMs === 0) return false
      held.add(connection)
      timer ??= setTimeout(reviewAll, restMs)
      return true
    },
    leftMs,
    isOver: () => performance.now() >= endsAt,
    release: (connection) => void held.delete(connection),
    stop: () => {
      clearTimeout(timer)
      held.clear()
    },
  }
}
