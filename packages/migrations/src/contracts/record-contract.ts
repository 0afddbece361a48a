import { z } from 'zod'
import { refuse } from '../migration-error.ts'
import { saveContract } from './contract-file.ts'
import { queryId } from './contract-schema.ts'
import type { Contract, ContractQuery } from './contract.ts'
import { describeQueries } from './describe-queries.ts'
import { normaliseQuery } from './normalise-query.ts'
import { interceptQueries } from './intercept-queries.ts'
import type { SentQuery } from './intercept-queries.ts'

/** Anything with the `query` of `pg`: a `Pool`, a `Client`, or the class `Client` itself. */
export type RecordTarget =
  | { query(...parameters: never[]): unknown }
  | (abstract new (...parameters: never[]) => { query(...parameters: never[]): unknown })

/** Options of {@link recordContract}. */
export interface RecordOptions {
  /** The release whose queries these are; can be said later, where the contract is used. @default '' */
  readonly release?: string
  /**
   * `first` keeps the values of the first sending of each query, so that an oracle runs it with those. They end in a file: what a
   * test sends is a secret more often than one thinks.
   *
   * @default 'none'
   */
  readonly values?: 'none' | 'first'
  /**
   * Queries that are not recorded, beside those that no release needs the schema for: transactions, settings, changes of the
   * schema itself, and what drivers ask the server about itself.
   */
  readonly ignore?: readonly RegExp[]
  /**
   * `all` takes every query for a named prepared statement, for the drivers that name them all by themselves in production.
   *
   * @default 'as-sent'
   */
  readonly named?: 'as-sent' | 'all'
}

/** Records what is sent. */
export interface ContractRecorder {
  /** What was recorded until now; without types where the server was not asked. */
  contract(): Contract
  /**
   * Asks the server for the types, over a connection of its own, and writes the contract. A path that ends with a slash is a
   * folder, to which each worker of a test run adds a part; any other is a file, which is replaced. A server that does not
   * answer is no error: then the types are missing.
   */
  save(path: string): Promise<void>
  /** Stops recording and leaves the target as it was. Idempotent. */
  close(): void
  [Symbol.dispose](): void
}

const OPTIONS = z.strictObject({
  release: z.string().default(''),
  values: z.enum(['none', 'first']).default('none'),
  ignore: z.array(z.instanceof(RegExp)).default([]),
  named: z.enum(['as-sent', 'all']).default('as-sent'),
})

const UNCONCERNED: readonly RegExp[] = [
  /^(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare transaction)\b/i,
  /^(?:set|reset|show|discard|deallocate|close|fetch|listen|unlisten|notify|checkpoint)\b/i,
  /^(?:create|alter|drop|comment|grant|revoke|vacuum|analyze|reindex|cluster|do|security)\b/i,
  /^select (?:\* from )?(?:version|current_schema|current_database)\(\)/i,
  /\b(?:pg_catalog|information_schema)\b/i,
  /\bpg_(?:class|type|enum|attribute|namespace|index|constraint|proc|database|tables|stat_activity)\b/i,
]

/**
 * Records the queries that go through a pool or client of `pg`, in place: what runs on it needs no change, and with it Kysely,
 * Drizzle, Knex, TypeORM and whatever else is built on `pg`. Given the class `Client`, it records every connection that this
 * process opens, which is the way where an ORM makes its own pool. Prisma sends through the pool that `@prisma/adapter-pg` is
 * given, and prepares everything: record it with `named: 'all'`.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`
 * @example
 * ```ts
 * const recorder = recordContract(pool)
 * // ... the test suite of the release runs ...
 * await recorder.save('schema-contract.json')
 * recorder.close()
 * ```
 */
export function recordContract(
  target: RecordTarget,
  options: RecordOptions = {},
): ContractRecorder {
  const settings = readOptions(target, options)
  const queries = new Map<string, ContractQuery>()
  const ignored = [...UNCONCERNED, ...settings.ignore]
  const interception = interceptQueries(target, (sent) => {
    const query = contractQuery(sent, settings)
    if (query.sql === '' || ignored.some((pattern) => matches(pattern, query.sql))) return
    const known = queries.get(query.sql)
    queries.set(query.sql, known ? { ...known, named: known.named || query.named } : query)
  })
  const contract = (): Contract => {
    const sorted = [...queries.keys()].toSorted().flatMap((sql) => queries.get(sql) ?? [])
    return { version: 1, release: settings.release, queries: sorted }
  }
  return {
    contract,
    save: async (path) => {
      const connect = interception.connector()
      const described = connect ? await describeQueries(connect, [...queries.keys()]) : new Map()
      for (const [sql, types] of described) {
        const query = queries.get(sql)
        if (query) queries.set(sql, { ...query, ...types })
      }
      await saveContract(contract(), path)
    },
    close: () => interception.end(),
    [Symbol.dispose]: () => interception.end(),
  }
}

/** A pattern with the flag `g` or `y` goes on where it last stopped. */
function matches(pattern: RegExp, sql: string): boolean {
  pattern.lastIndex = 0
  return pattern.test(sql)
}

type Settings = z.infer<typeof OPTIONS>

function readOptions(target: RecordTarget, options: RecordOptions): Settings {
  const caller = 'recordContract'
  const parsed = OPTIONS.safeParse(options)
  if (!parsed.success)
    throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
      caller,
      problems: z.prettifyError(parsed.error),
    })
  const holder: unknown = typeof target === 'function' ? target.prototype : target
  if (
    typeof holder === 'object' &&
    holder !== null &&
    'query' in holder &&
    typeof holder.query === 'function'
  )
    return parsed.data
  throw refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', {
    caller,
    problems:
      'The first argument has no method query: give a Pool, a Client or the class Client of pg.',
  })
}

function contractQuery({ text, values, name }: SentQuery, settings: Settings): ContractQuery {
  const { sql, parameters } = normaliseQuery(text)
  const kept = parameters.map((number) => plain(values?.[number - 1]))
  return {
    id: queryId(sql),
    sql,
    parameters: [],
    named: settings.named === 'all' || name !== undefined,
    ...(settings.values === 'first' ? { values: kept } : {}),
  }
}

/** A value as a file can hold it and the server can read it. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return value.toString()
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`
  if (value instanceof Date) return value.toISOString()
  return value
}
