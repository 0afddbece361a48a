import type { Contract, LiveRelease } from '../contracts/contract.ts'
import type { CheckOptions } from '../check/check-options.ts'
import type { CheckReport } from '../report.ts'
import type { Migration, TransactionMode } from '../migration.ts'
import type { SchemaOracle } from '../oracles/schema-oracle.ts'
import type { GuardLog } from './guard-log.ts'
import type { Backfill } from './define-backfill.ts'
import type { Connect } from './connect.ts'
import type { GuardClock } from './guard-clock.ts'
import type { GuardListener } from './guard-events.ts'
import type { GuardTables } from './guard-tables.ts'
import type { ReleaseOrder } from './release-order.ts'
import type { RetryPolicy } from './retry.ts'
import type { StepKind } from './step-kind.ts'

/** Judges migrations; {@link checkMigrations} unless a test says otherwise. */
export type Judge = (options: CheckOptions) => Promise<CheckReport>

/** The options of a guard with everything filled in. */
export interface GuardSettings {
  readonly connect: Connect
  readonly migrations: () => Promise<readonly Migration[]>
  readonly transactions: TransactionMode
  readonly service: string
  readonly live: (() => Promise<readonly (LiveRelease | string)[] | undefined>) | undefined
  readonly sessionRelease: (application: string) => string | undefined
  readonly contracts: (release: string) => Promise<Contract | undefined>
  readonly oracle: SchemaOracle | undefined
  readonly schema: string | undefined
  readonly order: ReleaseOrder
  readonly backfills: readonly Backfill[]
  readonly lockTimeoutMs: Readonly<Record<StepKind, number>>
  readonly statementTimeoutMs: Readonly<Record<StepKind, number>>
  readonly lockWaitMs: number
  readonly retry: RetryPolicy
  readonly tables: GuardTables
  readonly judge: Judge
  readonly log: GuardLog
  readonly emit: GuardListener
  readonly clock: GuardClock
}
