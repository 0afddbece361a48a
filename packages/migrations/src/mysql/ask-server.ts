import { guardedDdl } from './guarded-ddl.ts'
import type { GuardedStatement } from './guarded-ddl.ts'

/** A connection to a server on whose schema the statement may really run. */
export interface MysqlConnection {
  readonly server: 'mysql' | 'mariadb'
  /** Sends one statement; rejects with the error of the driver, which has `errno`. */
  readonly query: (sql: string) => Promise<unknown>
}

/** What the server answered. */
export type MysqlAnswer =
  /** Done without keeping readers or writers waiting. */
  | {
      readonly verdict: 'safe'
      readonly algorithm: GuardedStatement['algorithm']
      readonly sql: string
    }
  /** Not done: it can only be done while writers wait. */
  | { readonly verdict: 'unsafe'; readonly error: MysqlError }
  /** Not done for another reason. */
  | { readonly verdict: 'refused'; readonly error: MysqlError }
  /** Not asked: the server has no words to refuse such a statement. */
  | { readonly verdict: 'unknown' }

/** What a driver says of a refusal. */
export interface MysqlError {
  readonly code: string
  readonly message: string
}

/**
 * Asks a scratch server for the cheapest way in which it does the statement, and does it that way if that keeps nobody waiting.
 *
 * @example
 * ```ts
 * const answer = await askServer('ALTER TABLE users MODIFY age BIGINT', { server: 'mariadb', query: (sql) => connection.query(sql) })
 * answer.verdict // 'unsafe'
 * ```
 */
export async function askServer(
  sql: string,
  { server, query }: MysqlConnection,
): Promise<MysqlAnswer> {
  let last: MysqlError | undefined
  for (const { algorithm, sql: guarded } of guardedDdl(sql, { server })) {
    const error = await refusalOf(query(guarded))
    if (!error) return { verdict: 'safe', algorithm, sql: guarded }
    if (!NOT_THAT_WAY.has(error.code)) return { verdict: 'refused', error }
    last = error
  }
  return last ? { verdict: 'unsafe', error: last } : { verdict: 'unknown' }
}

/** ER_ALTER_OPERATION_NOT_SUPPORTED, the same with a reason, and ER_UNKNOWN_ALTER_ALGORITHM. */
const NOT_THAT_WAY: ReadonlySet<string> = new Set(['1845', '1846', '1800'])

async function refusalOf(done: Promise<unknown>): Promise<MysqlError | undefined> {
  try {
    await done
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error)) throw error
    return { code: String(error.errno), message: error.message }
  }
}
