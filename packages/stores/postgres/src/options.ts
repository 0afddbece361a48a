import type { ConnectionOptions } from 'node:tls'
import {
  checkOptions,
  type Clock,
  type Duration,
  portSchema,
  refuse,
  systemClock,
  toMs,
} from '@changeover/engine'
import { type Logger, pino } from 'pino'
import { z } from 'zod'

/** How to reach a database; what is left out comes from the environment (`PGHOST`, `PGUSER` and the like). */
export interface PostgresConnection {
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string | (() => string | Promise<string>)
  readonly database?: string
  readonly ssl?: boolean | ConnectionOptions
}

/** A pool of `pg`, as far as it is used here. */
export interface PostgresPool {
  query(config: { text: string; values: unknown[] }): Promise<{ rows: unknown[] }>
  /** What its clients are made from: some connections have to be the store's own. */
  readonly options: object
}

/** Options of {@link postgresStore}. Exactly one of `connection` and `pool` is given. */
export interface PostgresStoreOptions {
  /** A URL such as `postgres://host/database`, or its parts. To the server itself, not through a pooler of transactions. */
  readonly connection?: string | PostgresConnection
  /**
   * A pool of `pg` that stays the caller's: it is not closed. Besides it, the store opens connections of its own. Give it a
   * `connectionTimeoutMillis`: without one, a call waits for a free connection for ever.
   */
  readonly pool?: PostgresPool
  /** Where the tables are: small letters, digits and `_`. Made where it is missing. @default 'changeover' */
  readonly schema?: string
  /**
   * How long a call is tried again while the database cannot be reached; every one of them may be repeated. Well below the engine's
   * `leaseTtl`. @default '4s'
   */
  readonly patience?: Duration
  /** For one answer of the server, and for one connection to be made. @default '5s' */
  readonly timeout?: Duration
  /**
   * Finished rollouts kept of each service; older ones are deleted when another one finishes. Never one that is under
   * way, nor what tells the current release and the one before it. @default all
   */
  readonly retain?: number
  /** Time for pauses. When leases lapse is decided by the database's own clock. @default the machine's own */
  readonly clock?: Clock
  /** @default a silent one */
  readonly logger?: Logger
}

/** Options after the check, with the defaults filled in. */
export interface Settings {
  readonly connection: string | PostgresConnection | undefined
  readonly pool: PostgresPool | undefined
  readonly schema: string
  readonly patienceMs: number
  readonly timeoutMs: number
  readonly retain: number | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const text = z.string().min(1)
const duration = z.union([z.number(), z.string()]).optional()
const given = <T>(isGiven: (value: unknown) => boolean, error: string): z.ZodType<T> =>
  z.custom<T>(isGiven, { error })

const connection = z.strictObject({
  host: text.optional(),
  port: z.int().min(1).max(65_535).optional(),
  user: text.optional(),
  password: z
    .union([
      z.string(),
      given<() => string | Promise<string>>(
        (value) => typeof value === 'function',
        'it is no function',
      ),
    ])
    .optional(),
  database: text.optional(),
  ssl: z
    .union([
      z.boolean(),
      given<ConnectionOptions>(
        (value) => typeof value === 'object' && value !== null,
        'it is no object',
      ),
    ])
    .optional(),
})

const SCHEMA = z
  .strictObject({
    connection: z
      .union([z.string().refine(isUrl, 'it is no URL of PostgreSQL'), connection])
      .optional(),
    pool: given<PostgresPool>(isPool, 'it is no pool of pg').optional(),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'it holds more than small letters, digits and "_"')
      .optional(),
    patience: duration,
    timeout: duration,
    retain: z.int().min(1).optional(),
    clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
    logger: portSchema<Logger>('pino logger', ['debug', 'info', 'warn', 'error']).optional(),
  })
  .refine((options) => (options.connection === undefined) !== (options.pool === undefined), {
    path: ['connection'],
    message: 'exactly one of connection and pool is needed',
  })

const REMEDIES: Readonly<Record<string, string>> = {
  connection:
    "Give a URL such as 'postgres://host/database', or any of host, port, user, password, database, ssl; or a pool in its place.",
  pool: 'Give a Pool of pg.',
  schema: "Give a name such as 'changeover'.",
  patience: "Give milliseconds or a string such as '4s'.",
  timeout: "Give milliseconds above 0 or a string such as '5s'.",
  retain: 'Give a whole number above 0, or leave it out to keep all.',
  clock: 'Give an object with now() and sleep().',
  logger: 'Give a pino logger.',
  '': 'Give any of connection, pool, schema, patience, timeout, retain, clock, logger.',
}

/**
 * Checks the options once, before anything is connected. Neither connection nor pool is ever shown: they hold passwords.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`
 */
export function parseOptions(options: PostgresStoreOptions): Settings {
  const help = { remedies: REMEDIES, secret: ['connection', 'pool'] }
  checkOptions(SCHEMA, options, '', help)
  // The caller's own objects: a pool must stay the one that it is.
  const { logger, clock, retain, pool } = options
  return Object.freeze({
    connection: options.connection,
    pool,
    schema: options.schema ?? 'changeover',
    patienceMs: toMs(options.patience ?? '4s', 'patience'),
    timeoutMs: positiveMs(options.timeout ?? '5s', 'timeout'),
    retain,
    clock: clock ?? systemClock(),
    logger: logger ?? pino({ enabled: false }),
  })
}

/** One without a host names a folder with a socket as `?host=`, which `pg` reads and `URL` does not. */
function isUrl(value: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(value) && URL.canParse(value.replace('@/', '@localhost/'))
}

function isPool(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'query' in value && 'options' in value
}

/** Longest delay that a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647

function positiveMs(value: Duration, field: string): number {
  const ms = toMs(value, field)
  if (ms > 0 && ms <= LONGEST_TIMER_MS) return ms
  const [problem, remedy] = ['it is no time to wait', REMEDIES[field]]
  throw refuse('CHANGEOVER_OPTION_INVALID', { field, value, problem, remedy })
}
