import { z } from 'zod'
import { refuse } from '../migration-error.ts'
import { readOptions } from '../oracles/oracle-options.ts'
import { connector } from './connect.ts'
import type { GuardDatabase } from './connect.ts'
import { readFloor } from './floor.ts'
import type { FloorRow } from './floor.ts'
import type { GuardClient } from './guard-client.ts'
import { guardTables } from './guard-tables.ts'
import type { GuardTables } from './guard-tables.ts'
import { releaseOrder } from './release-order.ts'
import type { ReleaseOrder } from './release-order.ts'

/** Options of {@link schemaFloorCheck}. */
export interface SchemaFloorOptions {
  /** A URL, what a `Client` of `pg` takes, a function that connects, or a pool: it is only read. */
  readonly database: GuardDatabase | Pick<GuardClient, 'query'>
  /** The release that wants to start. */
  readonly release: string
  /** As the guard calls it. @default 'default' */
  readonly service?: string
  /** The releases up to this one, oldest first, where they are not called by versions such as `2.4.0`. */
  readonly releases?: readonly string[]
  /** As the guard calls it. @default 'changeover' */
  readonly schemaName?: string
}

/** A check as `createLifecycle({ checks })` takes it. */
export interface SchemaFloorCheck {
  /** Resolves with the floor, if any. @throws MigrationError `CHANGEOVER_MIGRATIONS_BELOW_FLOOR` */
  readonly run: (signal: AbortSignal) => Promise<string | undefined>
  readonly affects: readonly ('startup' | 'readiness')[]
  readonly critical: true
  readonly failAfter: 1
}

const SCHEMA = z.strictObject({
  database: z.custom<SchemaFloorOptions['database']>(
    (value) =>
      (typeof value === 'string' && value !== '') ||
      typeof value === 'function' ||
      (typeof value === 'object' && value !== null),
    { error: 'give a URL, what a Client of pg takes, a pool, or a function that connects' },
  ),
  release: z.string().min(1),
  service: z.string().min(1).default('default'),
  releases: z.array(z.string().min(1)).optional(),
  schemaName: z.string().min(1).default('changeover'),
})

/**
 * A check that keeps a release from starting, and from getting ready, on a schema that no longer serves it: the floor that the
 * guard has left. A release that cannot be compared with the floor may not start. Once it has passed, a database that does not
 * answer is no reason to fail: no floor moves past a release that runs.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`
 * @example
 * ```ts
 * const floor = schemaFloorCheck({ database: url, release: '2.4.0' })
 * createLifecycle({ checks: { floor } })
 * ```
 */
export function schemaFloorCheck(options: SchemaFloorOptions): SchemaFloorCheck {
  const { database, release, service, releases, schemaName } = readOptions(
    SCHEMA,
    options,
    'schemaFloorCheck',
  )
  const tables = guardTables(schemaName)
  const read = (): Promise<FloorRow | undefined> =>
    withClient(database, (client) => floorRow(client, tables, service))
  let passed: { readonly floor: FloorRow | undefined } | undefined
  return {
    run: async (signal) => {
      signal.throwIfAborted()
      const floor = passed ? await read().catch(() => passed?.floor) : await read()
      if (floor) assertNotBelow(floor, release, releases)
      passed = { floor }
      return floor?.release
    },
    affects: ['startup', 'readiness'],
    critical: true,
    failAfter: 1,
  }
}

async function withClient<Value>(
  database: SchemaFloorOptions['database'],
  use: (client: Pick<GuardClient, 'query'>) => Promise<Value>,
): Promise<Value> {
  if (isQueryable(database)) return use(database)
  const client = await connector(database, 'schemaFloorCheck')()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

function isQueryable(
  database: SchemaFloorOptions['database'],
): database is Pick<GuardClient, 'query'> {
  return typeof database === 'object' && 'query' in database && typeof database.query === 'function'
}

/** Without the table no guard has run yet. */
async function floorRow(
  client: Pick<GuardClient, 'query'>,
  tables: GuardTables,
  service: string,
): Promise<FloorRow | undefined> {
  const { rows } = await client.query('select to_regclass($1) is not null as there', [tables.floor])
  return rows[0]?.['there'] === true ? readFloor(client, tables, service) : undefined
}

function assertNotBelow(
  floor: FloorRow,
  release: string,
  releases: readonly string[] | undefined,
): void {
  const difference = differenceOf(floor, release, releases)
  if (difference !== undefined && difference >= 0) return
  const because =
    difference === undefined ? ', and which of the two is older cannot be told: give releases' : ''
  throw refuse('CHANGEOVER_MIGRATIONS_BELOW_FLOOR', { release, floor: floor.release, why: because })
}

/**
 * Below 0 for a release that is older than the floor. A release knows those before it: a floor that is not among them is newer.
 */
function differenceOf(
  { release: floor, known }: FloorRow,
  release: string,
  releases: readonly string[] | undefined,
): number | undefined {
  if (release === floor) return 0
  if (releases) {
    const own = releases.includes(release) ? releases : [...releases, release]
    return own.includes(floor) ? releaseOrder(own)(release, floor) : -1
  }
  const order: ReleaseOrder = releaseOrder(known)
  return order(release, floor)
}
