import type { Pool } from 'pg'
import { z } from 'zod'
import type { Migration } from '../migration.ts'
import { refuse } from '../migration-error.ts'
import { importPeer } from '../oracles/peers.ts'
import type { OracleSession, SchemaOracle } from '../oracles/schema-oracle.ts'
import { quoteLiteral } from '../oracles/sql-client.ts'
import { capturedMigrations } from './captured-migrations.ts'
import { recordingDriver } from './recording-driver.ts'
import type { RecordingDriver } from './recording-driver.ts'
import { createSentLog } from './sent-log.ts'
import type { SentLog } from './sent-log.ts'

/** Options of {@link captureMigrations}. */
export interface CaptureOptions {
  /** Gives the scratch database that the migrations are run on. */
  readonly oracle: SchemaOracle
  /** The schema that they start from, as `pg_dump --schema-only` writes it. @default empty */
  readonly schema?: string
  /** Names of those that `schema` holds already: they are not run. */
  readonly applied?: readonly string[]
  /** Path of the file of a migration, shown in findings. @default what its tool says, or else its name */
  readonly file?: (id: string) => string
  readonly signal?: AbortSignal
}

/** What a tool is run with. */
export interface CaptureStage {
  /** A pool of `pg` that reaches the scratch database and keeps what is sent. */
  readonly pool: Pool
  /** Stands for the package `pg`, for tools that make their clients themselves. */
  readonly driver: RecordingDriver
  readonly log: SentLog
  /** Those that must not run again. */
  readonly applied: readonly string[]
  /**
   * Takes the rows out of the tables that the tool keeps its books in. They came with the schema, and were made up as those of
   * all others.
   */
  readonly forget: (tables: readonly string[]) => Promise<void>
  /** Path of the file of a migration, from what its tool says. */
  readonly fileOf: (id: string, path?: string) => string
  /** Runs a migration: what is sent meanwhile is its own. */
  readonly capture: <Result>(
    id: string,
    run: () => Promise<Result>,
    file?: string,
  ) => Promise<Result>
}

/** A tool that runs its pending migrations; see `kyselyRunner`, `knexRunner` and the others. */
export interface MigrationRunner {
  /** Named in errors. */
  readonly tool: string
  run(stage: CaptureStage): Promise<void>
}

const OPTIONS = z.strictObject({
  oracle: z.custom<SchemaOracle>(
    (value) => typeof value === 'object' && value !== null && 'open' in value,
    {
      error: 'give an oracle, such as that of pgliteOracle()',
    },
  ),
  schema: z.string().optional(),
  applied: z.array(z.string()).optional(),
  file: z.custom<(id: string) => string>((value) => typeof value === 'function').optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

const CALLER = 'captureMigrations'

/**
 * Runs migrations that are written in JavaScript on a scratch database, with the tool that they are written for, and gives
 * what each of them sent, with the transactions that the tool really opened. What the tool does for its own tables is left out.
 *
 * Lines in findings count in what was sent. What a migration only sends for certain rows is only seen where the made-up rows
 * are such.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_CAPTURE_FAILED` where a migration fails,
 * `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED`, `CHANGEOVER_MIGRATIONS_PEER_MISSING` without `pg`, and
 * `CHANGEOVER_MIGRATIONS_OPTION_INVALID`
 * @example
 * ```ts
 * const runner = knexRunner((connection) => knex({ client: 'pg', connection, migrations: { directory: 'migrations' } }))
 * const migrations = await captureMigrations(runner, { oracle, schema, applied: ['001_users.js'] })
 * const report = await checkMigrations({ schema, migrations, oracle, transactions: transactionsOf(migrations) })
 * ```
 */
export async function captureMigrations(
  runner: MigrationRunner,
  options: CaptureOptions,
): Promise<readonly Migration[]> {
  const given = OPTIONS.safeParse(options)
  if (!given.success) throw invalid(z.prettifyError(given.error))
  const { oracle, schema = '', signal } = options
  const { default: pg } = await importPeer('pg', CALLER, () => import('pg'))
  const session = await oracle.open(schema, signal ? { signal } : {})
  const log = createSentLog()
  try {
    const driver = recordingDriver(pg, await settingsOf(session, oracle), log)
    try {
      await run(runner, stageOf(driver, log, options))
    } finally {
      await driver.close()
    }
  } finally {
    await session.close()
  }
  return capturedMigrations(log)
}

async function settingsOf(session: OracleSession, { name }: SchemaOracle) {
  if (session.clientSettings) return session.clientSettings()
  throw invalid(
    `✖ ${name} does not tell how pg reaches its database (clientSettings)\n  → at oracle`,
  )
}

function stageOf(
  driver: RecordingDriver,
  log: SentLog,
  { applied = [], file, signal }: CaptureOptions,
): CaptureStage {
  const fileOf = (id: string, path?: string): string => file?.(id) ?? path ?? id
  return {
    pool: new driver.Pool(),
    driver,
    log,
    applied,
    fileOf,
    forget: (tables) => emptyTables(driver, tables),
    capture: async (id, work, path) => {
      signal?.throwIfAborted()
      return log.within(id, fileOf(id, path), work)
    },
  }
}

async function run(runner: MigrationRunner, stage: CaptureStage): Promise<void> {
  try {
    await runner.run(stage)
    refuseSilence(stage)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    const place = [...stage.log.migrations.keys()].at(-1) ?? 'before the first one'
    throw refuse(
      'CHANGEOVER_MIGRATIONS_CAPTURE_FAILED',
      { tool: runner.tool, problem, place },
      { cause },
    )
  }
}

/** A tool that went elsewhere must not pass for one that did nothing. */
function refuseSilence({ log, applied }: CaptureStage): void {
  if (log.migrations.size === 0) {
    if (applied.length === 0) throw new Error('it found no migration to run')
  } else if (log.sent.every(({ owner }) => owner === undefined)) {
    throw new Error('nothing was sent through the pool or the driver that it was given')
  }
}

async function emptyTables(driver: RecordingDriver, tables: readonly string[]): Promise<void> {
  const client = new driver.Client()
  await client.connect()
  const names = tables.map(quoteLiteral).join(', ')
  const { rows } = await client.query<{ readonly name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and c.relname in (${names})`,
  )
  for (const { name } of rows) await client.query(`delete from ${name}`)
  await client.end()
}

function invalid(problems: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', { caller: CALLER, problems })
}
