import type { MigrationRunner } from './capture-migrations.ts'
import type { RecordingDriver } from './recording-driver.ts'
import { withUp } from './with-up.ts'

/** What is needed of a `DataSource` of TypeORM. */
export interface TypeormDataSource {
  readonly options: { readonly migrationsTableName?: string }
  readonly migrations: { readonly name?: string; readonly constructor: { readonly name: string } }[]
  initialize(): Promise<unknown>
  runMigrations(): Promise<unknown>
  destroy(): Promise<void>
}

/**
 * Migrations of TypeORM.
 *
 * @param create makes the `DataSource` as the project does, with `type: 'postgres'` and this driver
 * @example
 * ```ts
 * const runner = typeormRunner((driver) => new DataSource({ type: 'postgres', driver, migrations: ['migrations/*.js'] }))
 * ```
 */
export function typeormRunner(
  create: (driver: RecordingDriver) => TypeormDataSource,
): MigrationRunner {
  return {
    tool: 'TypeORM',
    run: async (stage) => {
      const source = create(stage.driver)
      await stage.forget([source.options.migrationsTableName ?? 'migrations'])
      await source.initialize()
      try {
        const named = source.migrations.map((one) => ({
          one,
          id: one.name ?? one.constructor.name,
        }))
        const pending = named.filter(({ id }) => !stage.applied.includes(id))
        const migrations = pending.map(({ one, id }) => withUp(one, stage, id))
        Object.defineProperty(source, 'migrations', { value: migrations, writable: true })
        await source.runMigrations()
      } finally {
        await source.destroy()
      }
    },
  }
}
