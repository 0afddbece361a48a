import type { StoreChange, Unsubscribe } from '@changeover/engine'
import type { Logger } from 'pino'
import type { Database } from './database.ts'
import { readFailure } from './failure.ts'
import type { Listener } from './listener.ts'
import type { Tables } from './tables.ts'

/** What watching takes. */
export interface Watching {
  readonly database: Database
  readonly tables: Tables
  readonly listener: Listener
  readonly logger: Logger
}

/** How far back is looked, besides the time without a connection. */
const MARGIN_MS = 60_000
const RETRY_MS = 'the next connection tells again'

/** See `Store.watch`. With every new connection it tells of all that is open, and of what has ended meanwhile. */
export function watch(watching: Watching, tell: (change: StoreChange) => void): Unsubscribe {
  const { listener, logger } = watching
  const told = (change: StoreChange): void => {
    try {
      tell(change)
    } catch (error) {
      logger.warn({ err: error }, 'a listener of the store failed')
    }
  }
  let over = false
  const unsubscribe = listener.subscribe({
    onNotice(notice) {
      if (notice.kind !== 'journal') return
      const { rollout, service, seq } = notice
      told({ rollout, service, seq })
    },
    onConnected(missedMs) {
      changesSince(watching, missedMs + MARGIN_MS).then(
        (changes) => over || changes.forEach(told),
        (error: unknown) => logger.warn({ ...readFailure(error), next: RETRY_MS }, 'not told'),
      )
    },
  })
  return () => {
    over = true
    unsubscribe()
  }
}

function changesSince({ database, tables }: Watching, sinceMs: number): Promise<StoreChange[]> {
  return database.rows<StoreChange>(
    'watch',
    `select id as rollout, service, next_seq - 1 as seq from ${tables.rollouts}
     where service is not null
       and (outcome is null or changed_at > clock_timestamp() - $1::double precision * interval '1 millisecond')
     order by changed_at`,
    [sinceMs],
  )
}
