import type { Pool } from 'pg'
import type { MigrationRunner } from './capture-migrations.ts'
import { withUp } from './with-up.ts'

/** What is needed of a `MigrationProvider` of Kysely. */
export interface KyselyProvider<Step extends object> {
  getMigrations(): Promise<Record<string, Step>>
}

/** What is needed of a `Migrator` of Kysely. */
export interface KyselyMigrator {
  migrateToLatest(): Promise<{ readonly error?: unknown }>
}

/** Names of the tables that Kysely keeps its books in, where the project has changed them. */
export interface KyselyTables {
  /** @default 'kysely_migration' */
  readonly migrationTableName?: string
  /** @default 'kysely_migration_lock' */
  readonly migrationLockTableName?: string
}

/**
 * Migrations of Kysely.
 *
 * @param migrator makes the `Migrator` on this pool, with this provider in the place of yours
 * @example
 * ```ts
 * const runner = kyselyRunner(new FileMigrationProvider({ fs, path, migrationFolder }), (pool, provider) => {
 *   return new Migrator({ db: new Kysely({ dialect: new PostgresDialect({ pool }) }), provider })
 * })
 * ```
 */
export function kyselyRunner<Step extends object>(
  provider: KyselyProvider<Step>,
  migrator: (pool: Pool, provider: KyselyProvider<Step>) => KyselyMigrator,
  {
    migrationTableName = 'kysely_migration',
    migrationLockTableName = 'kysely_migration_lock',
  }: KyselyTables = {},
): MigrationRunner {
  return {
    tool: 'Kysely',
    run: async (stage) => {
      await stage.forget([migrationTableName, migrationLockTableName])
      const getMigrations = async (): Promise<Record<string, Step>> => {
        const pending = Object.entries(await provider.getMigrations()).filter(
          ([id]) => !stage.applied.includes(id),
        )
        return Object.fromEntries(pending.map(([id, step]) => [id, withUp(step, stage, id)]))
      }
      const { error } = await migrator(stage.pool, { getMigrations }).migrateToLatest()
      if (error instanceof Error) throw error
      if (error !== undefined) throw new Error('Kysely did not say why.', { cause: error })
    },
  }
}
