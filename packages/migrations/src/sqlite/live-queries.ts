import type { Database } from 'sql.js'
import type { BrokenQuery } from '../check/oracle-proof.ts'
import type { ContractQuery, LiveRelease } from '../contracts/contract.ts'
import { messageOf } from './scratch.ts'

/** What came of a query. */
interface Outcome {
  /** Why it could not even be prepared. */
  readonly refused?: string
  /** Why it failed when it ran, with values that were made up. */
  readonly failed?: string
  readonly columns: readonly string[]
}

/** The queries of the live releases, watched while the schema changes. */
export interface LiveQueries {
  /** Those that did not even work before. */
  readonly brokenBefore: readonly BrokenQuery[]
  /** Those that could be prepared, but not run with the values that were made up. */
  readonly unexecuted: readonly BrokenQuery[]
  /** Those that broke since this was last asked. */
  readonly newlyBroken: () => readonly BrokenQuery[]
}

/** Runs every query once, so that there is something to compare with. Nothing of what they write stays. */
export function watchQueries(database: Database, live: readonly LiveRelease[]): LiveQueries {
  const all = live.flatMap(({ release, contract }) =>
    (contract?.queries ?? []).map((query) => ({
      release,
      query,
      before: outcome(database, query),
    })),
  )
  const known = new Set<ContractQuery>()
  return {
    brokenBefore: all.flatMap(({ release, query, before }) =>
      before.refused === undefined ? [] : [broken(release, query, before.refused)],
    ),
    unexecuted: all.flatMap(({ release, query, before }) =>
      before.failed === undefined ? [] : [broken(release, query, before.failed)],
    ),
    newlyBroken: () =>
      all.flatMap(({ release, query, before }): BrokenQuery[] => {
        const problem = known.has(query) ? undefined : breakage(before, outcome(database, query))
        if (problem === undefined) return []
        known.add(query)
        return [broken(release, query, problem)]
      }),
  }
}

function broken(release: string, query: ContractQuery, message: string): BrokenQuery {
  return { release, query, when: 'fresh', error: { code: 'SQLITE_ERROR', message } }
}

/** Why a query that worked does not any more. One whose made-up values failed before tells nothing by failing again. */
function breakage(before: Outcome, now: Outcome): string | undefined {
  if (before.refused !== undefined) return undefined
  if (now.refused !== undefined) return now.refused
  if (before.failed === undefined && now.failed !== undefined) return now.failed
  const missing = before.columns.find((column) => !now.columns.includes(column))
  return missing === undefined ? undefined : `the result no longer has the column "${missing}"`
}

function outcome(database: Database, { sql, values }: ContractQuery): Outcome {
  database.exec('SAVEPOINT changeover_query')
  try {
    const statement = database.prepare(sql)
    const columns = statement.getColumnNames()
    try {
      statement.bind(values ? values.map(bindable) : madeUp(sql))
      while (statement.step()) continue
      return { columns }
    } catch (error) {
      return { columns, failed: messageOf(error) }
    } finally {
      statement.free()
    }
  } catch (error) {
    return { columns: [], refused: messageOf(error) }
  } finally {
    database.exec('ROLLBACK TO changeover_query; RELEASE changeover_query')
  }
}

function bindable(value: unknown): string | number | null | Uint8Array {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'string') return value
  if (value instanceof Uint8Array) return value
  return typeof value === 'boolean' ? Number(value) : JSON.stringify(value)
}

/** Values that no row has yet, one for each mark. */
function madeUp(sql: string): number[] {
  const marks = sql.replaceAll(/'(?:[^']|'')*'/g, '').match(/[?:@$]\w*/g)?.length ?? 0
  return Array.from({ length: marks }, (_, index) => 900_000 + index)
}
