import type { Migration, TransactionMode } from '@changeover/migrations'
import { readScripts } from '../../src/sql/read-scripts.ts'
import type { Script, Statement } from '../../src/sql/statement.ts'

/** One file of a plan. */
export function migration(sql: string, more: Partial<Migration> = {}): Migration {
  return { id: 'one', file: 'one.sql', sql, ...more }
}

/** Reads a plan of one file. */
export function read(sql: string, mode: TransactionMode = 'none'): Script {
  const [script] = readScripts([migration(sql)], mode)
  return script!
}

/** Statements with where they begin, as `line:column sql`. */
export function placed(statements: readonly Statement[]): string[] {
  return statements.map(({ place, sql }) => `${place.line}:${place.column} ${sql}`)
}

/** What could not be read, as `line:column rule`. */
export function refused({ unreadable }: Script): string[] {
  return unreadable.map(({ place, rule }) => `${place.line}:${place.column} ${rule}`)
}
