import type { MigrationRunner, CaptureStage } from './capture-migrations.ts'
import { withUp } from './with-up.ts'

/** What is needed of an instance of Knex. */
export interface KnexInstance {
  readonly client: { driver?: unknown }
  readonly migrate: object
  destroy(): Promise<void>
}

interface KnexSource {
  getMigrations(loadExtensions: unknown): Promise<readonly unknown[]>
  getMigrationName(migration: unknown): string
  getMigration(migration: unknown): Promise<object>
}

interface KnexMigrator {
  readonly config: { migrationSource: KnexSource; readonly tableName: string }
  latest(): Promise<unknown>
}

/**
 * Migrations of Knex, whatever `migrationSource` they come from.
 *
 * @param create makes the instance as the project does, with `client: 'pg'` and this connection, which leads nowhere
 * @example
 * ```ts
 * const runner = knexRunner((connection) => knex({ client: 'pg', connection, migrations: { directory: 'migrations' } }))
 * ```
 */
export function knexRunner(
  create: (connection: Readonly<Record<string, never>>) => KnexInstance,
): MigrationRunner {
  return {
    tool: 'Knex',
    run: async (stage) => {
      const knex = create({})
      knex.client.driver = stage.driver
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types leave out the configuration
        const migrator = knex.migrate as KnexMigrator
        const { tableName } = migrator.config
        await stage.forget([tableName, `${tableName}_lock`])
        migrator.config.migrationSource = watched(migrator.config.migrationSource, stage)
        await migrator.latest()
      } finally {
        await knex.destroy()
      }
    },
  }
}

function watched(source: KnexSource, stage: CaptureStage): KnexSource {
  return {
    getMigrations: async (loadExtensions) => {
      const all = await source.getMigrations(loadExtensions)
      return all.filter((one) => !stage.applied.includes(source.getMigrationName(one)))
    },
    getMigrationName: (migration) => source.getMigrationName(migration),
    getMigration: async (migration) => {
      return withUp(await source.getMigration(migration), stage, source.getMigrationName(migration))
    },
  }
}
