import { z } from 'zod'
import { checkMigrations } from '../check/check-migrations.ts'
import type { ContractInput, LiveReleaseInput, MigrationInput } from '../check/check-options.ts'
import { contractSchema } from '../contracts/contract-schema.ts'
import { toMs } from '../duration.ts'
import type { Duration } from '../duration.ts'
import type { Dialect, Migration, TransactionMode } from '../migration.ts'
import { readOptions } from '../oracles/oracle-options.ts'
import type { SchemaOracle } from '../oracles/schema-oracle.ts'
import { loadMigrations } from '../sources/load-migrations.ts'
import { connector } from './connect.ts'
import type { GuardDatabase } from './connect.ts'
import type { Backfill } from './define-backfill.ts'
import { systemClock } from './guard-clock.ts'
import type { GuardClock } from './guard-clock.ts'
import type { GuardListener } from './guard-events.ts'
import { guardLog } from './guard-log.ts'
import type { GuardLogger } from './guard-log.ts'
import type { GuardSettings, Judge } from './guard-settings.ts'
import { guardTables } from './guard-tables.ts'
import type { LiveName } from './live-releases.ts'
import { releaseOrder } from './release-order.ts'
import { STEP_KINDS } from './step-kind.ts'
import type { StepKind } from './step-kind.ts'

/** Durations by kind of step; what is left out has its default. */
export type DurationsByKind = Partial<Readonly<Record<StepKind, Duration>>>

/** Releases by name, or with what they ask of the database. */
export type LiveNames = readonly (LiveReleaseInput | string)[]

/** A migration as `loadMigrations` gives it, or one that is written by hand: its id is what the journal goes by. */
export interface GuardMigration extends MigrationInput {
  readonly id: string
}

/** Options of {@link createMigrationGuard}. */
export interface MigrationGuardOptions {
  /**
   * The database itself, not through a pooler of transactions: a URL, what a `Client` of `pg` takes, or a function that connects a
   * new client each time it is called.
   */
  readonly database: GuardDatabase
  /**
   * All migrations, those that the guard has run too; or their folder, read anew for each run. Those that ran before there was a
   * guard are left out: `loadMigrations(folder, { after })`.
   */
  readonly migrations: readonly GuardMigration[] | string
  /** @default 'postgres', the only one that the guard runs on */
  readonly dialect?: Dialect
  /** What is put into one transaction. @default 'each' */
  readonly transactions?: TransactionMode
  /** Whose schema it is; names the floor, and sessions called `service@release`. @default 'default' */
  readonly service?: string
  /**
   * Who may run now, or be gone back to. A function is asked twice: before the lock, and again under it. Left out, and not given
   * to `run` either: anything that exists may be in use.
   */
  readonly live?: LiveNames | (() => LiveNames | Promise<LiveNames>)
  /** The release that a session of the database belongs to, by its `application_name`. @default of `service@release` the release */
  readonly sessionRelease?: (application: string) => string | undefined
  /** What a release asks of the database; undefined where nobody knows, which refuses to take anything away. */
  readonly contracts?: (
    release: string,
  ) => ContractInput | undefined | Promise<ContractInput | undefined>
  /** A database to try the steps on. Without one, the verdict rests on reading alone. */
  readonly oracle?: SchemaOracle
  /** The schema as it is now. @default read from the database */
  readonly schema?: string
  /** All releases, oldest first, for the floor. @default compared as versions such as `2.4.0` */
  readonly releases?: readonly string[]
  /** Run in the phase `backfill`, behind its migrations. What narrows is tried on an oracle whose rows they have filled. */
  readonly backfills?: readonly Backfill[]
  /**
   * How long a step waits for its locks at a time, for all that it takes: nobody behind it waits longer. 0 is without end.
   * @default { lock: '500ms', data: '5s', validate: '5s', concurrent: '5m' }
   */
  readonly lockTimeout?: DurationsByKind
  /** How long a statement may take; 0 is without end. @default { lock: '10s', data: '1m', validate: 0, concurrent: 0 } */
  readonly statementTimeout?: DurationsByKind
  /** How long to wait for another guard. @default '10s' */
  readonly lockWait?: Duration
  /** How often a step that does not get its locks is tried. @default { attempts: 30, deadline: '2m', pause: '200ms', longestPause: '5s' } */
  readonly retry?: {
    readonly attempts?: number
    readonly deadline?: Duration
    readonly pause?: Duration
    readonly longestPause?: Duration
  }
  /** Schema of the guard's own tables. @default 'changeover' */
  readonly schemaName?: string
  /** Such as one of `pino`. @default silent */
  readonly logger?: GuardLogger
  /** Told of each thing that happens. What it throws ends the run. */
  readonly onEvent?: GuardListener
  /** Time and chance. @default the real ones */
  readonly clock?: GuardClock
  /** Judges in place of `checkMigrations`. */
  readonly judge?: Judge
}

const CALLER = 'createMigrationGuard'
const duration = z.union([z.number(), z.string()])
const byKind = z.strictObject({
  lock: duration.optional(),
  data: duration.optional(),
  validate: duration.optional(),
  concurrent: duration.optional(),
})
const name = z.string().min(1)

/** A function that the caller gives. */
function given<Function_>(error: string): z.ZodType<Function_> {
  return z.custom<Function_>((value) => typeof value === 'function', { error })
}

const live = z.array(
  z.union([name, z.strictObject({ release: name, contract: contractSchema.optional() })]),
)
const migration = z.custom<GuardMigration>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    typeof value.id === 'string' &&
    value.id !== '' &&
    'sql' in value &&
    typeof value.sql === 'string',
  { error: 'give what loadMigrations returns, or each with its id and sql' },
)

const SCHEMA = z.strictObject({
  database: z.custom<GuardDatabase>(isDatabase, {
    error:
      'give a URL, what a Client of pg takes, or a function that connects a new client; a pool hands out sessions that others have used',
  }),
  migrations: z.union([name, z.array(migration)]),
  dialect: z
    .literal('postgres', { error: 'the guard runs on PostgreSQL only' })
    .default('postgres'),
  transactions: z.enum(['each', 'all', 'none']).default('each'),
  service: name.default('default'),
  live: z
    .union([live, given<() => unknown>('give a list of releases, or a function that gives one')])
    .optional(),
  sessionRelease: given<GuardSettings['sessionRelease']>('give a function').optional(),
  contracts: given<NonNullable<MigrationGuardOptions['contracts']>>(
    'give a function of the release',
  ).optional(),
  oracle: z
    .custom<SchemaOracle>((value) => typeof value === 'object' && value !== null && 'open' in value)
    .optional(),
  schema: z.string().optional(),
  releases: z.array(name).default([]),
  backfills: z
    .array(
      z.custom<Backfill>(
        (value) => typeof value === 'object' && value !== null && 'batch' in value,
      ),
    )
    .default([]),
  lockTimeout: byKind.default({}),
  statementTimeout: byKind.default({}),
  lockWait: duration.default('10s'),
  retry: z
    .strictObject({
      attempts: z.int().min(1).default(30),
      deadline: duration.default('2m'),
      pause: duration.default('200ms'),
      longestPause: duration.default('5s'),
    })
    .prefault({}),
  schemaName: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'use small letters, digits and _' })
    .default('changeover'),
  logger: z
    .custom<GuardLogger>((value) => typeof value === 'object' && value !== null && 'info' in value)
    .optional(),
  onEvent: given<GuardListener>('give a function').optional(),
  clock: z
    .custom<GuardClock>((value) => typeof value === 'object' && value !== null && 'sleep' in value)
    .optional(),
  judge: given<Judge>('give a function').optional(),
})

const LOCK_TIMEOUTS: Readonly<Record<StepKind, Duration>> = {
  lock: '500ms',
  data: '5s',
  validate: '5s',
  concurrent: '5m',
}
const STATEMENT_TIMEOUTS: Readonly<Record<StepKind, Duration>> = {
  lock: '10s',
  data: '1m',
  validate: 0,
  concurrent: 0,
}

/**
 * The options with everything filled in.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID` or `CHANGEOVER_MIGRATIONS_DURATION_INVALID`
 */
export function guardSettings(options: MigrationGuardOptions): GuardSettings {
  const read = readOptions(SCHEMA, options, CALLER)
  const { migrations, service, retry, contracts } = read
  const log = guardLog(read.logger)
  return {
    connect: connector(read.database, CALLER),
    migrations: migrationSource(migrations),
    transactions: read.transactions,
    service,
    live: liveSource(read.live),
    sessionRelease: read.sessionRelease ?? releaseOfService(service),
    contracts: async (release) => {
      const contract = await contracts?.(release)
      return contract && { ...readOptions(contractSchema, contract, 'contracts'), release }
    },
    oracle: read.oracle,
    schema: read.schema,
    order: releaseOrder(read.releases),
    backfills: read.backfills,
    lockTimeoutMs: byKindMs('lockTimeout', LOCK_TIMEOUTS, read.lockTimeout),
    statementTimeoutMs: byKindMs('statementTimeout', STATEMENT_TIMEOUTS, read.statementTimeout),
    lockWaitMs: toMs(read.lockWait, 'lockWait'),
    retry: {
      attempts: retry.attempts,
      deadlineMs: toMs(retry.deadline, 'retry.deadline'),
      pauseMs: toMs(retry.pause, 'retry.pause'),
      longestPauseMs: toMs(retry.longestPause, 'retry.longestPause'),
    },
    tables: guardTables(read.schemaName),
    judge: read.judge ?? checkMigrations,
    log,
    emit: read.onEvent ?? (() => {}),
    clock: read.clock ?? systemClock,
  }
}

function migrationSource(given: string | readonly GuardMigration[]): GuardSettings['migrations'] {
  if (typeof given === 'string') return () => loadMigrations(given)
  const named = given.map((one): Migration => ({ ...one, file: one.file ?? `${one.id}.sql` }))
  return async () => named
}

/** A pool is told by what it counts. */
function isDatabase(value: unknown): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'function') return true
  return (
    typeof value === 'object' && value !== null && !('totalCount' in value) && !('query' in value)
  )
}

function liveSource(source: z.infer<typeof SCHEMA>['live']): GuardSettings['live'] {
  if (source === undefined) return undefined
  return async () => readLive(typeof source === 'function' ? await source() : source)
}

/** Names of live releases as they are given, checked. */
export function readLive(given: unknown): readonly LiveName[] {
  return readOptions(live, given, 'live').map((one) => {
    if (typeof one === 'string') return one
    const { release, contract } = one
    return { release, ...(contract ? { contract: { ...contract, release } } : {}) }
  })
}

function releaseOfService(service: string): (application: string) => string | undefined {
  const prefix = `${service}@`
  return (application) =>
    application.startsWith(prefix) ? application.slice(prefix.length) : undefined
}

function byKindMs(
  field: string,
  defaults: Readonly<Record<StepKind, Duration>>,
  given: Partial<Readonly<Record<StepKind, Duration | undefined>>>,
): Readonly<Record<StepKind, number>> {
  const [lock = 0, validate = 0, concurrent = 0, data = 0] = STEP_KINDS.map((kind) =>
    toMs(given[kind] ?? defaults[kind], `${field}.${kind}`),
  )
  return { lock, validate, concurrent, data }
}
