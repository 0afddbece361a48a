import type { Verdict } from '../finding.ts'
import type { TransactionMode } from '../migration.ts'
import { refuse } from '../migration-error.ts'
import type { SchemaOracle } from '../oracles/schema-oracle.ts'
import { checkOptions } from './check-options.ts'
import type { ContractInput, MigrationInput } from './check-options.ts'
import type { MigrationEffects, StatementEffects } from './migration-effects.ts'
import { proveOnOracle } from './oracle-proof.ts'
import type { BrokenQuery, OracleProof } from './oracle-proof.ts'
import { postgresEffects } from './postgres-effects.ts'

/** What {@link proveContract} is asked. */
export interface ProveOptions {
  /** The queries of one release. */
  readonly contract: ContractInput
  /** The schema before the migrations. */
  readonly schema: string
  readonly migrations: readonly (MigrationInput | string)[]
  readonly oracle: SchemaOracle
  /** What the runner puts into one transaction. @default 'each' */
  readonly transactions?: TransactionMode
  /** Major version of the server that is deployed to. @default that of the oracle */
  readonly serverVersion?: number | string
  readonly signal?: AbortSignal
}

/** Where in the migrations something went wrong. */
export interface ProofPlace {
  /** Id of the migration. */
  readonly migration: string
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly statement: string
  /** What the server answered; `result-shape` where the query runs, and gives back other columns than before. */
  readonly error: { readonly code: string; readonly message: string }
}

/** A query that a step broke. */
export interface BrokenByStep extends ProofPlace {
  readonly release: string
  readonly query: string
  /** `warm`: through a statement that was prepared before the step; `fresh`: sent anew. */
  readonly when: 'warm' | 'fresh'
}

/** What the server said to a query. */
export interface QueryError {
  readonly query: string
  readonly error: ProofPlace['error']
}

/** What {@link proveContract} found. Plain data. */
export interface ContractProof {
  /** `unknown` where every query still runs as it did, and some did not run in the first place. */
  readonly verdict: Verdict
  readonly broken: readonly BrokenByStep[]
  /** The step that the server refused; nothing was run after it. */
  readonly refused?: ProofPlace
  /** Queries that did not run on the schema even before the first step: of them nothing is proved. */
  readonly unproved: readonly QueryError[]
  /**
   * Queries that made-up rows or values refused before the first step. They were asked all the same: that the server still
   * understands them is proved, not what they do to rows.
   */
  readonly unexecuted: readonly QueryError[]
}

/**
 * Runs the migrations on a scratch database and, after each transaction, every query of a contract: through statements that
 * were prepared before, where the release names them, and anew. Rows are made up, unless the contract has values. What it does not
 * judge: locks, rights, and rows that only production has; `checkMigrations` does.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, or `CHANGEOVER_MIGRATIONS_SCHEMA_REFUSED` where the schema
 * itself does not load
 * @example
 * ```ts
 * const contract = await loadContract('schema-contract.json')
 * const proof = await proveContract({ contract, schema, migrations, oracle })
 * proof.broken[0]?.query // the first query that the release can no longer run
 * ```
 */
export async function proveContract(options: ProveOptions): Promise<ContractProof> {
  const { contract, ...rest } = options
  const { oracle } = rest
  if (typeof oracle !== 'object')
    throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
      caller: 'proveContract',
      problems: 'oracle is missing: give the database that is to be asked.',
    })
  const release =
    contract.release === undefined || contract.release === '' ? UNNAMED : contract.release
  const settings = checkOptions(
    { serverVersion: oracle.serverVersion, ...rest, live: [{ release, contract }] },
    'proveContract',
  )
  const read = await postgresEffects(settings)
  const proof = await proveOnOracle(
    oracle,
    options.schema,
    read,
    settings.live ?? [],
    options.signal,
  )
  return contractProof(read.migrations, proof)
}

/** A release that nobody gave a name. */
const UNNAMED = 'unnamed'

function contractProof(migrations: readonly MigrationEffects[], proof: OracleProof): ContractProof {
  const steps = migrations.flatMap((one) => one.statements.map((statement) => ({ one, statement })))
  const broken = steps.flatMap(({ one, statement }) =>
    (proof.byStatement.get(statement)?.broken ?? []).map(
      ({ release, query, when, error }): BrokenByStep => {
        return { ...placeOf(one, statement), release, query: query.sql, when, error }
      },
    ),
  )
  const refused = steps.flatMap(({ one, statement }) => {
    const error = proof.byStatement.get(statement)?.observation?.error
    return error
      ? [{ ...placeOf(one, statement), error: { code: error.code, message: error.message } }]
      : []
  })[0]
  const unproved = proof.brokenBefore.map(queryError)
  const unread = migrations.some(({ unreadable }) => unreadable.length > 0)
  const doubtful = unproved.length > 0 || unread ? 'unknown' : 'safe'
  return {
    verdict: broken.length > 0 || refused ? 'unsafe' : doubtful,
    broken,
    ...(refused ? { refused } : {}),
    unproved,
    unexecuted: proof.unexecuted.map(queryError),
  }
}

function queryError({ query, error }: BrokenQuery): QueryError {
  return { query: query.sql, error }
}

function placeOf(
  { migration }: MigrationEffects,
  { place, sql }: StatementEffects,
): Omit<ProofPlace, 'error'> {
  return { migration: migration.id, file: migration.file, line: place.line, statement: sql }
}
