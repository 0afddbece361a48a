import type { Pool } from 'pg'
import type { MigrationRunner } from './capture-migrations.ts'
import { withUp } from './with-up.ts'

/** What is needed of an instance of Umzug. */
export interface UmzugInstance {
  up(): Promise<unknown>
}

interface Runnable {
  readonly name: string
  readonly path?: string
}

/**
 * Migrations that Umzug runs, by what they send through this pool.
 *
 * @param create makes the instance with this pool in its context; its storage is asked and written to as well, so give one
 * that is in this database or in memory
 * @param options.table in which the storage keeps its books, where it is one of this database. @default 'SequelizeMeta'
 * @example
 * ```ts
 * const runner = umzugRunner((pool) => {
 *   return new Umzug({ migrations: { glob: 'migrations/*.js' }, context: pool, storage: memoryStorage(), logger: undefined })
 * })
 * ```
 */
export function umzugRunner(
  create: (pool: Pool) => UmzugInstance,
  { table = 'SequelizeMeta' }: { readonly table?: string } = {},
): MigrationRunner {
  return {
    tool: 'Umzug',
    run: async (stage) => {
      await stage.forget([table])
      const umzug = create(stage.pool)
      const list: unknown = Reflect.get(umzug, 'migrations')
      if (typeof list !== 'function') throw new TypeError('This is no Umzug of version 3.')
      const migrations = async (context: unknown): Promise<readonly Runnable[]> => {
        const all: readonly Runnable[] = await Reflect.apply(list, umzug, [context])
        return all
          .filter(({ name }) => !stage.applied.includes(name))
          .map((one) => withUp(one, stage, one.name, one.path))
      }
      Object.defineProperty(umzug, 'migrations', { value: migrations })
      await umzug.up()
    },
  }
}
