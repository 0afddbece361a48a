export { checkMigrations } from './check/check-migrations.ts'
export type {
  CheckOptions,
  ContractInput,
  ContractQueryInput,
  LiveReleaseInput,
  MigrationInput,
} from './check/check-options.ts'
export type { CheckedMigration, CheckReport, PointOfNoReturn } from './report.ts'
export type { Contract, ContractQuery, LiveRelease } from './contracts/contract.ts'
export { ERROR_CODES } from './error-codes.ts'
export type { MigrationErrorCode } from './error-codes.ts'
export type { Finding, FindingClass, Verdict } from './finding.ts'
export type { Dialect, Migration, TransactionMode } from './migration.ts'
export { MigrationError } from './migration-error.ts'
export { postgresOracle } from './oracles/postgres.ts'
export type { PostgresOracleOptions } from './oracles/postgres.ts'
export type {
  Observation,
  OracleQuery,
  OracleSession,
  QueryOutcome,
  SchemaOracle,
  UnfilledTable,
} from './oracles/schema-oracle.ts'
export type { Phase } from './phase.ts'
export { PHASES } from './phase.ts'
export type { LockMode, LockWork, TableWork } from './rules/effect.ts'
export { loadMigrations } from './sources/load-migrations.ts'
export type { LoadOptions } from './sources/load-migrations.ts'
export { MIGRATION_FORMATS } from './sources/formats.ts'
export type { FormatFacts, MigrationFormat } from './sources/formats.ts'
export type { SourceOrder } from './sources/sort-drafts.ts'
export { transactionsOf } from './sources/transactions-of.ts'
export { formatContract, loadContract, mergeContracts } from './contracts/contract-file.ts'
export { recordContract } from './contracts/record-contract.ts'
export type { ContractRecorder, RecordOptions, RecordTarget } from './contracts/record-contract.ts'
export { proveContract } from './check/prove-contract.ts'
export type {
  BrokenByStep,
  ContractProof,
  ProofPlace,
  ProveOptions,
  QueryError,
} from './check/prove-contract.ts'
export { createMigrationGuard } from './guard/create-migration-guard.ts'
export type { GuardRunOptions, MigrationGuardHandle } from './guard/create-migration-guard.ts'
export { defineBackfill } from './guard/define-backfill.ts'
export type { Backfill, BackfillOptions } from './guard/define-backfill.ts'
export type { GuardAnswer, GuardClient } from './guard/guard-client.ts'
export type { GuardClock } from './guard/guard-clock.ts'
export type {
  BackfillProgress,
  Blocker,
  GuardEvent,
  GuardListener,
  StepRef,
} from './guard/guard-events.ts'
export type { GuardLogger } from './guard/guard-log.ts'
export type {
  DurationsByKind,
  GuardMigration,
  LiveNames,
  MigrationGuardOptions,
} from './guard/guard-options.ts'
export type { GuardPort, GuardRelease, GuardRequest, GuardVerdict } from './guard/guard-port.ts'
export type { GuardRun } from './guard/guarded-run.ts'
export type { Judge } from './guard/guard-settings.ts'
export type { GuardDatabase } from './guard/connect.ts'
export type { GuardRefusal } from './guard/judge-phase.ts'
export { schemaFloorCheck } from './guard/schema-floor-check.ts'
export type { SchemaFloorCheck, SchemaFloorOptions } from './guard/schema-floor-check.ts'
export type { StepKind } from './guard/step-kind.ts'
export { captureMigrations } from './sources/capture-migrations.ts'
export type { CaptureOptions, CaptureStage, MigrationRunner } from './sources/capture-migrations.ts'
export { knexRunner } from './sources/knex-runner.ts'
export type { KnexInstance } from './sources/knex-runner.ts'
export { kyselyRunner } from './sources/kysely-runner.ts'
export type { KyselyMigrator, KyselyProvider, KyselyTables } from './sources/kysely-runner.ts'
export { nodePgMigrateRunner } from './sources/node-pg-migrate-runner.ts'
export type { NodePgMigrateExtras, NodePgMigrateOptions } from './sources/node-pg-migrate-runner.ts'
export type { RecordingDriver } from './sources/recording-driver.ts'
export type { SentLog, Sent } from './sources/sent-log.ts'
export { typeormRunner } from './sources/typeorm-runner.ts'
export type { TypeormDataSource } from './sources/typeorm-runner.ts'
export { umzugRunner } from './sources/umzug-runner.ts'
export type { UmzugInstance } from './sources/umzug-runner.ts'
export { formatProof } from './reports/format-proof.ts'
export { formatReport } from './reports/format-report.ts'
export type { FormatOptions } from './reports/format-report.ts'
export { reportToGithub } from './reports/report-to-github.ts'
export { reportToJson } from './reports/report-to-json.ts'
export { reportToSarif } from './reports/report-to-sarif.ts'
export { RULES } from './rules/registry.ts'
export type { RuleText, RuleTexts } from './rules/rule.ts'
