import type { Migration, TransactionMode } from '../migration.ts'
import { readText } from './read-text.ts'
import { sourceText } from './source-text.ts'
import type { Script } from './statement.ts'
import { assignTransactions } from './transactions.ts'

export { loadParser } from './parser.ts'

/**
 * Reads a plan with the grammar of PostgreSQL. `loadParser()` has to be awaited before.
 *
 * Nothing that a file holds makes it throw: what cannot be read is listed in {@link Script.unreadable}. Numbers of transactions
 * are unique over the whole plan.
 */
export function readScripts(
  migrations: readonly Migration[],
  mode: TransactionMode,
): readonly Script[] {
  const entries = migrations.map((migration) => ({
    migration,
    ...readText(sourceText(migration.sql, migration.firstLine ?? 1)),
  }))
  const unclosed = assignTransactions(entries, mode)
  return entries.map(({ drafts, directives, unreadable }, index) => ({
    statements: drafts,
    directives,
    unreadable,
    unclosed: unclosed[index],
  }))
}
