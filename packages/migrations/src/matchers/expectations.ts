import type { ContractInput } from '../check/check-options.ts'
import type { Phase } from '../phase.ts'
import type { KeepOptions } from './migration-matchers.ts'
import type { MatcherOptions } from './received.ts'

/**
 * What `expect` can say about migrations: SQL, one migration, or what `loadMigrations` returns; but for `toKeepContract`, a
 * report of `checkMigrations` too. All are to be awaited; the message of a failure is the report.
 */
export interface MigrationExpectations {
  /**
   * No live release breaks, waits or loses data. What is not known is not safe. Takes the options of `checkMigrations`.
   *
   * @example
   * ```ts
   * await expect(await loadMigrations('migrations')).toBeSafeToDeploy({ schema, live, oracle })
   * ```
   */
  toBeSafeToDeploy(options?: MatcherOptions): Promise<void>
  /**
   * Each migration is of this phase, by what it does and by what it says of itself.
   *
   * @example
   * ```ts
   * await expect('ALTER TABLE users ADD COLUMN city text').toMatchPhase('expand')
   * ```
   */
  toMatchPhase(phase: Phase, options?: MatcherOptions): Promise<void>
  /**
   * Every query of the contract still runs after each step as it did before. With an oracle they are really run; without one,
   * PostgreSQL's grammar and the schema have to tell.
   *
   * @example
   * ```ts
   * await expect(migrations).toKeepContract(await loadContract('schema-contract.json'), { schema, oracle })
   * ```
   */
  toKeepContract(contract: ContractInput, options?: KeepOptions): Promise<void>
  /**
   * No step makes readers or writers wait while the server scans, rewrites or indexes a table.
   *
   * @example
   * ```ts
   * await expect('CREATE INDEX CONCURRENTLY ON users (city)').toHoldNoLockWhileScanning()
   * ```
   */
  toHoldNoLockWhileScanning(options?: MatcherOptions): Promise<void>
}
