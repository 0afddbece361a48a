import { rowsOf } from './guard-client.ts'
import type { GuardClient } from './guard-client.ts'
import type { GuardEvent } from './guard-events.ts'
import type { GuardTables } from './guard-tables.ts'
import type { ReleaseOrder } from './release-order.ts'

/** The lowest release that may still start, as it is kept. */
export interface FloorRow {
  readonly release: string
  /** Releases that were spared when it was set, oldest first. */
  readonly known: readonly string[]
  /** The migration that moved it. */
  readonly migration: string
}

/** The floor of a service; undefined while every release may start. */
export async function readFloor(
  client: Pick<GuardClient, 'query'>,
  { floor }: GuardTables,
  service: string,
): Promise<FloorRow | undefined> {
  const [row] = await rowsOf<FloorRow>(
    client,
    `select release, known, migration from ${floor} where service = $1`,
    [service],
  )
  return row
}

/** What the floor becomes. */
export interface FloorWish {
  readonly service: string
  readonly release: string
  readonly known: readonly string[]
}

/** Whether the floor has to move: it never goes down. Where the two cannot be compared, the later decision holds. */
export function mustMove(now: FloorRow | undefined, wish: FloorWish, order: ReleaseOrder): boolean {
  if (!now) return true
  const difference = order(wish.release, now.release)
  return difference === undefined || difference > 0
}

/** A floor that has to move, once. */
export interface FloorMove {
  /** Writes it, unless a step of this run has moved it. */
  write(client: GuardClient, migration: string): Promise<void>
  /** What was written is there to stay. */
  made(): void
}

/** The move of a floor in one run. */
export function floorMove(
  tables: GuardTables,
  wish: FloorWish,
  tell: (event: GuardEvent) => void,
): FloorMove {
  const { service, release } = wish
  let isMade = false
  return {
    write: async (client, migration) => {
      if (!isMade) await writeFloor(client, tables, wish, migration)
    },
    made: () => {
      if (!isMade) tell({ type: 'floor-set', service, release })
      isMade = true
    },
  }
}

/** Sets the floor; in the transaction of the step that makes it necessary, where that has one. */
async function writeFloor(
  client: GuardClient,
  { floor }: GuardTables,
  { service, release, known }: FloorWish,
  migration: string,
): Promise<void> {
  await client.query(
    `insert into ${floor} (service, release, known, migration) values ($1, $2, $3, $4)
     on conflict (service) do update set release = excluded.release, known = excluded.known,
     migration = excluded.migration, set_at = clock_timestamp()`,
    [service, release, known, migration],
  )
}
