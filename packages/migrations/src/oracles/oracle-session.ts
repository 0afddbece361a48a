import type { ClientConfig } from 'pg'
import { contractQueries } from './contract-queries.ts'
import type { ContractQueries } from './contract-queries.ts'
import { fillTables } from './fill-tables.ts'
import { createRole, loadSchema, missingRole } from './load-schema.ts'
import type { LoadOptions } from './load-schema.ts'
import { observeAlone, observeTogether } from './observe.ts'
import { relationStates } from './relation-state.ts'
import type { RelationStates } from './relation-state.ts'
import type { Observation, OracleSession, UnfilledTable } from './schema-oracle.ts'
import { quoteLiteral } from './sql-client.ts'
import type { SqlClient } from './sql-client.ts'

/** What is known about a database after it was made ready. */
export interface PreparedDatabase {
  readonly notes: readonly string[]
  readonly unfilled: readonly UnfilledTable[]
}

/** Loads a schema into an empty database and fills its tables. */
export async function prepareDatabase(
  client: SqlClient,
  schema: string,
  options: LoadOptions,
): Promise<PreparedDatabase> {
  const notes = await loadSchema(client, schema, options)
  options.signal?.throwIfAborted()
  return { notes, unfilled: await fillTables(client) }
}

/** The connections of a session. */
export interface SessionParts {
  readonly prepared: PreparedDatabase
  /** Runs the migrations. */
  readonly runner: SqlClient
  /** Plays the releases; the same one where there can be only one. */
  readonly releases: SqlClient
  /** Opens another session; undefined where there can be only one. */
  readonly another: (() => Promise<SqlClient>) | undefined
  readonly createRoles: boolean
  /** See {@link OracleSession.clientSettings}. */
  clientSettings(): Promise<() => ClientConfig>
  /** Closes the connections and gives the database back. */
  dispose(): Promise<void>
}

/** A session on a database that {@link prepareDatabase} made ready. */
export async function oracleSession(parts: SessionParts): Promise<OracleSession> {
  const { prepared, runner, releases } = parts
  const known = await relationStates(runner)
  const queries = asReleases(contractQueries(releases), releases === runner ? runner : undefined)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= parts.dispose())
  return {
    ...prepared,
    ...queries,
    run: (statements, { transaction, rollback = false } = { transaction: true }) =>
      runWithRoles(parts, known, statements, { transaction, rollback }),
    clientSettings: () => parts.clientSettings(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface RunOptions {
  readonly transaction: boolean
  readonly rollback: boolean
}

/** Where the server is ours, a role that is missing is no fault of the migration. */
async function runWithRoles(
  parts: SessionParts,
  known: RelationStates,
  statements: readonly string[],
  options: RunOptions,
): Promise<readonly Observation[]> {
  const created = new Set<string>()
  for (;;) {
    const observations = await run(parts, known, statements, options)
    const error = observations.at(-1)?.error
    const role = error && missingRole(error)
    const undone = options.transaction || statements.length === 1
    if (!role || !parts.createRoles || !undone || created.has(role)) return observations
    created.add(role)
    await createRole(parts.runner, role)
  }
}

async function run(
  { runner, another }: SessionParts,
  known: RelationStates,
  statements: readonly string[],
  { transaction, rollback }: RunOptions,
): Promise<Observation[]> {
  if (transaction || rollback) return observeTogether(runner, statements, known, rollback)
  return observeAlone({ client: runner, known, another }, statements)
}

/**
 * The releases do not see what the migrations have set in their own session (`SET search_path`): where both share one
 * connection, its settings are put aside meanwhile.
 */
function asReleases(queries: ContractQueries, shared: SqlClient | undefined): ContractQueries {
  if (!shared) return queries
  const apart = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const { rows } = await shared.query(
      "select name, setting from pg_settings where source = 'session'",
    )
    await shared.query('reset all')
    try {
      return await work()
    } finally {
      for (const [name, setting] of rows) {
        const values = `${quoteLiteral(name ?? '')}, ${quoteLiteral(setting ?? '')}`
        await shared.query(`select pg_catalog.set_config(${values}, false)`)
      }
    }
  }
  return {
    warm: (given) => apart(() => queries.warm(given)),
    runWarm: () => apart(() => queries.runWarm()),
    runFresh: (given) => apart(() => queries.runFresh(given)),
  }
}
