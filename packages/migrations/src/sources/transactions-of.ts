import type { Migration, TransactionMode } from '../migration.ts'

const modes = new WeakMap<Migration, TransactionMode>()

/** Keeps what the tool of these migrations puts into one transaction. Gives them back. */
export function withTransactions(
  migrations: readonly Migration[],
  mode: TransactionMode,
): readonly Migration[] {
  for (const migration of migrations) modes.set(migration, mode)
  return migrations
}

/**
 * What the tool that these migrations were loaded from puts into one transaction by default: the `transactions` that
 * `checkMigrations` is to be given. Known for what `loadMigrations` and `captureMigrations` returned, filtered or not.
 *
 * @default 'each', where it is not known
 * @example
 * ```ts
 * const migrations = await loadMigrations('drizzle')
 * await checkMigrations({ migrations, transactions: transactionsOf(migrations) }) // 'all'
 * ```
 */
export function transactionsOf(migrations: readonly Migration[]): TransactionMode {
  const [known = 'each'] = migrations.flatMap((migration) => modes.get(migration) ?? [])
  return known
}
