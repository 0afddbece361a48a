import { z } from 'zod'
import { contractSchema } from '../contracts/contract-schema.ts'
import type { Contract, LiveRelease } from '../contracts/contract.ts'
import type { Dialect, Migration, TransactionMode } from '../migration.ts'
import { refuse } from '../migration-error.ts'
import type { SchemaOracle } from '../oracles/schema-oracle.ts'
import { PHASES } from '../phase.ts'
import type { Phase } from '../phase.ts'
import { transactionsOf } from '../sources/transactions-of.ts'

/** A migration as it is given by hand; what `loadMigrations` returns fits as well. */
export interface MigrationInput {
  /** @default its place in the list */
  readonly id?: string
  /** Shown in findings. @default `<id>.sql` */
  readonly file?: string
  readonly sql: string
  readonly firstLine?: number
  readonly transaction?: 'own' | 'none'
  readonly phase?: Phase
}

/** A query of a contract that is written by hand. */
export interface ContractQueryInput {
  readonly sql: string
  /** Whether it is sent as a named prepared statement. @default false */
  readonly named?: boolean
  readonly values?: readonly unknown[]
}

/** A contract that was recorded, or one written by hand. */
export type ContractInput =
  | Contract
  | { readonly release?: string; readonly queries: readonly (string | ContractQueryInput)[] }

/** A release that may run now or be gone back to. */
export interface LiveReleaseInput {
  readonly release: string
  /** Left out: its needs are unknown, so nothing may be taken away. */
  readonly contract?: ContractInput
}

/** What {@link checkMigrations} is asked. */
export interface CheckOptions {
  /** @default 'postgres' */
  readonly dialect?: Dialect
  /**
   * Version of the server that is deployed to, as a number or as it calls itself: `15`, `'15.18'`. Its major counts.
   * @default 15 for PostgreSQL, the oldest that is supported
   */
  readonly serverVersion?: number | string
  /** What the runner puts into one transaction. @default what the tool does that `loadMigrations` read them for, else 'each' */
  readonly transactions?: TransactionMode
  /** The schema before the migrations, as `pg_dump --schema-only` writes it. Without it, names that are not known are taken to exist. */
  readonly schema?: string
  /** Those that are to run, in their order. */
  readonly migrations: readonly (MigrationInput | string)[]
  /** Who may run while they do. Left out: anything that exists may be in use. An empty list: nothing runs. */
  readonly live?: readonly LiveReleaseInput[]
  /** The release that must still run afterwards, so that it can be gone back to. */
  readonly rollbackTarget?: LiveReleaseInput
  /** A database to ask. Without one, the verdict rests on reading alone. */
  readonly oracle?: SchemaOracle
  /** Version of the release that is being deployed, for directives that end with one. */
  readonly version?: string
  /** ISO date, for directives that end on one. @default today */
  readonly today?: string
  readonly signal?: AbortSignal
}

/** {@link CheckOptions} with everything filled in. */
export interface CheckSettings {
  readonly dialect: Dialect
  readonly serverVersion: number
  readonly transactions: TransactionMode
  readonly schema: string | undefined
  readonly migrations: readonly Migration[]
  readonly live: readonly LiveRelease[] | undefined
  readonly rollbackTarget: string | undefined
  readonly oracle: SchemaOracle | undefined
  readonly version: string | undefined
  readonly today: string | undefined
  readonly signal: AbortSignal | undefined
}

const DIALECTS: readonly Dialect[] = ['postgres', 'mysql', 'mariadb', 'sqlite']
const MODES: readonly TransactionMode[] = ['each', 'all', 'none']
const DEFAULT_VERSIONS: Readonly<Record<Dialect, number>> = {
  postgres: 15,
  mysql: 8,
  mariadb: 10,
  sqlite: 3,
}

const migrationSchema = z.strictObject({
  id: z.string().min(1).optional(),
  file: z.string().min(1).optional(),
  sql: z.string(),
  firstLine: z.int().min(1).optional(),
  transaction: z.enum(['own', 'none']).optional(),
  phase: z.enum(PHASES).optional(),
})

const liveSchema = z.strictObject({
  release: z.string().min(1),
  contract: contractSchema.optional(),
})

const optionsSchema = z.strictObject({
  dialect: z.enum(DIALECTS).default('postgres'),
  serverVersion: z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)*$/)])
    .transform((version) => Math.floor(Number.parseFloat(String(version))))
    .pipe(z.number().min(3).max(100))
    .optional(),
  transactions: z.enum(MODES).optional(),
  schema: z.string().optional(),
  migrations: z.array(z.union([z.string(), z.looseObject(migrationSchema.shape)])),
  live: z.array(liveSchema).optional(),
  rollbackTarget: liveSchema.optional(),
  oracle: z
    .custom<SchemaOracle>((value) => typeof value === 'object' && value !== null && 'open' in value)
    .optional(),
  version: z.string().optional(),
  today: z.iso.date().optional(),
  signal: z.instanceof(AbortSignal).optional(),
})

/**
 * The options with everything filled in.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, with every field that is wrong
 */
export function checkOptions(options: CheckOptions, caller: string): CheckSettings {
  const result = optionsSchema.safeParse(options)
  if (!result.success)
    throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
      caller,
      problems: z.prettifyError(result.error),
    })
  const { dialect, transactions, migrations, live, rollbackTarget, ...rest } = result.data
  const others = live ?? (rollbackTarget && [ANY_OTHER])
  const known = [...(others ?? []), ...(rollbackTarget ? [rollbackTarget] : [])].map(liveRelease)
  return {
    dialect,
    transactions: transactions ?? transactionsOf(options.migrations.filter(isMigration)),
    serverVersion: rest.serverVersion ?? DEFAULT_VERSIONS[dialect],
    schema: rest.schema,
    migrations: migrations.map(migration),
    live: others && unique(known),
    rollbackTarget: rollbackTarget?.release,
    oracle: rest.oracle,
    version: rest.version,
    today: rest.today,
    signal: rest.signal,
  }
}

/** Where one release is told of and nobody says who else runs, anything that exists may be in use. */
const ANY_OTHER = { release: 'any other release' }

function isMigration(input: MigrationInput | string): input is Migration {
  return typeof input !== 'string'
}

function migration(input: string | z.infer<typeof migrationSchema>, index: number): Migration {
  const {
    sql,
    id = String(index + 1),
    file = `${id}.sql`,
    firstLine,
    transaction,
    phase,
  } = typeof input === 'string' ? { sql: input } : input
  return {
    id,
    file,
    sql,
    ...(firstLine === undefined ? {} : { firstLine }),
    ...(transaction ? { transaction } : {}),
    ...(phase ? { phase } : {}),
  }
}

function liveRelease({ release, contract }: z.infer<typeof liveSchema>): LiveRelease {
  return { release, ...(contract ? { contract: { ...contract, release } } : {}) }
}

function unique(live: readonly LiveRelease[]): LiveRelease[] {
  return [...new Map(live.map((one) => [one.release, one])).values()]
}
