import pg from 'pg'
import { refuse } from '@changeover/engine'
import { postgresError } from './error-codes.ts'
import { cleanCause, readFailure } from './failure.ts'
import type { PostgresPool, Settings } from './options.ts'

/** Parameters of a statement, or how they are made for an attempt. */
export type Values = readonly unknown[] | ((again: boolean) => readonly unknown[])

/** Asks the database. */
export interface Database {
  /**
   * Rows of one statement, which is repeated while the database cannot be reached: give none that may not be. `again` says
   * that an earlier attempt may have come through, and its answer was lost.
   *
   * @throws ChangeoverError `CHANGEOVER_POSTGRES_UNREACHABLE`, `CHANGEOVER_POSTGRES_FAILED`
   */
  rows<Row>(call: string, text: string, values?: Values): Promise<Row[]>
  /** A connection of its own, connected. */
  readonly connect: () => Promise<pg.Client>
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 500
/** The server's own time runs out first, and says so. */
const SERVER_MARGIN_MS = 250

/** Opens nothing yet. `closing` ends what waits for the database to come back. */
export function openDatabase(settings: Settings, closing: AbortSignal): Database {
  const { patienceMs, timeoutMs, clock, logger } = settings
  const own = settings.pool ? undefined : ownPool(settings)
  const pool = settings.pool ?? own

  async function ask<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    const config = { text, values: [...values], query_timeout: timeoutMs + SERVER_MARGIN_MS }
    const result = await pool?.query(config)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement of the caller says which columns there are
    return (result?.rows ?? []) as Row[]
  }

  async function rows<Row>(call: string, text: string, values: Values = []): Promise<Row[]> {
    const began = clock.now()
    let again = false
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await ask<Row>(text, typeof values === 'function' ? values(again) : values)
      } catch (error) {
        const failure = readFailure(error)
        const waitedMs = clock.now() - began
        if (!failure.passing) throw failed(call, failure)
        if (closing.aborted) throw refuse('CHANGEOVER_STORE_CLOSED', { call })
        if (waitedMs + pauseMs > patienceMs) throw unreachable(call, failure, waitedMs)
        logger.debug({ call, ...failure }, 'the database did not answer; asking again')
        again = true
        await clock.sleep(pauseMs, { signal: closing })
      }
    }
  }

  return {
    rows,
    async connect() {
      const client = new pg.Client(clientConfig(settings))
      // What breaks while nothing is asked is met at the next query, or by whoever listens.
      client.on('error', () => undefined)
      await client.connect()
      return client
    },
    close: async () => own?.end(),
  }
}

type Failed = ReturnType<typeof readFailure>

function failed(call: string, failure: Failed): Error {
  return postgresError('CHANGEOVER_POSTGRES_FAILED', { call, ...failure }, cleanCause(failure))
}

function unreachable(call: string, failure: Failed, waitedMs: number): Error {
  const details = { call, ...failure, waitedMs }
  return postgresError('CHANGEOVER_POSTGRES_UNREACHABLE', details, cleanCause(failure))
}

/** Connections of a busy agent; those that are idle are closed after a while. */
const POOL_SIZE = 4

function ownPool(settings: Settings): pg.Pool {
  const { timeoutMs } = settings
  const pool = new pg.Pool({
    ...clientConfig(settings),
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    max: POOL_SIZE,
    idleTimeoutMillis: 30_000,
  })
  pool.on('error', (error) => {
    settings.logger.debug(readFailure(error), 'an idle connection broke')
  })
  return pool
}

function clientConfig({ connection, pool, timeoutMs }: Settings): pg.ClientConfig {
  const where =
    typeof connection === 'string' ? { connectionString: connection } : (connection ?? ofPool(pool))
  return {
    application_name: 'changeover',
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    ...where,
  }
}

/** What a pool makes its clients from. Its password does not show when it is copied. */
function ofPool(pool: PostgresPool | undefined): pg.ClientConfig {
  if (!pool) return {}
  const password: unknown = Reflect.get(pool.options, 'password')
  const options: pg.ClientConfig = { ...pool.options }
  return Object.assign(options, { password })
}
