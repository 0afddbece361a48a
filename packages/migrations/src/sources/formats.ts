import type { TransactionMode } from '../migration.ts'

/** The tools whose files `loadMigrations` reads. */
export type MigrationFormat =
  | 'sql'
  | 'flyway'
  | 'dbmate'
  | 'sqlx'
  | 'goose'
  | 'graphile-migrate'
  | 'prisma'
  | 'drizzle'
  | 'node-pg-migrate'

export const FORMAT_NAMES: readonly MigrationFormat[] = [
  'sql',
  'flyway',
  'dbmate',
  'sqlx',
  'goose',
  'graphile-migrate',
  'prisma',
  'drizzle',
  'node-pg-migrate',
]

/** What is known about the files of a tool. */
export interface FormatFacts {
  /** As people call it. */
  readonly tool: string
  /** The files that are read. */
  readonly files: string
  /** What in a folder tells it from others. */
  readonly recognisedBy: string
  /** What comes first. */
  readonly order: string
  /** What the tool puts into one transaction, unless it is told otherwise. */
  readonly transactions: TransactionMode
  /** How a file says that it wants none. */
  readonly withoutTransaction?: string
}

/** Every format that `loadMigrations` reads, with what its tool does by default. */
export const MIGRATION_FORMATS: Readonly<Record<MigrationFormat, FormatFacts>> = {
  sql: {
    tool: 'a folder of SQL files (golang-migrate, postgres-migrations and the like)',
    files: '`NNN_name.sql`, or `NNN_name.up.sql` beside `NNN_name.down.sql`',
    recognisedBy: 'SQL files, and nothing that another tool would leave',
    order: 'by number; by name where no file has a number',
    transactions: 'each',
    withoutTransaction: '`-- no-transaction` in the first line',
  },
  flyway: {
    tool: 'Flyway',
    files: '`V1_2__name.sql` and `R__name.sql` in all folders; `U` and `B` files are left out',
    recognisedBy: 'names with `V…__` or `R__`',
    order: 'by version, then the repeatable ones by name',
    transactions: 'each',
    withoutTransaction: '`executeInTransaction=false` in `<file>.conf`',
  },
  dbmate: {
    tool: 'dbmate',
    files: '`NNN_name.sql`, the part after `-- migrate:up`',
    recognisedBy: '`-- migrate:up`',
    order: 'by name',
    transactions: 'each',
    withoutTransaction: '`-- migrate:up transaction:false`',
  },
  sqlx: {
    tool: 'sqlx',
    files: '`NNN_name.sql` or `NNN_name.up.sql`',
    recognisedBy:
      '`-- no-transaction` in the first line; other folders of sqlx are read alike as plain SQL',
    order: 'by number',
    transactions: 'each',
    withoutTransaction: '`-- no-transaction` in the first line',
  },
  goose: {
    tool: 'goose',
    files: '`NNN_name.sql`, the part after `-- +goose Up`',
    recognisedBy: '`-- +goose Up`',
    order: 'by number',
    transactions: 'each',
    withoutTransaction: '`-- +goose NO TRANSACTION`',
  },
  'graphile-migrate': {
    tool: 'graphile-migrate',
    files: '`committed/*.sql`, then `current.sql` or `current/*.sql`',
    recognisedBy: '`committed/` or `current.sql`',
    order: 'by name, what is current last',
    transactions: 'each',
    withoutTransaction: '`--! no-transaction`',
  },
  prisma: {
    tool: 'Prisma Migrate',
    files: '`<time>_name/migration.sql`',
    recognisedBy: '`migration.sql` in folders, or `migration_lock.toml`',
    order: 'by name',
    transactions: 'each',
  },
  drizzle: {
    tool: 'Drizzle',
    files:
      '`NNNN_name.sql` that `meta/_journal.json` lists, or `<time>_name/migration.sql` beside `snapshot.json`',
    recognisedBy: '`meta/_journal.json` or `snapshot.json`',
    order: 'that of the journal; by name without one',
    transactions: 'all',
  },
  'node-pg-migrate': {
    tool: 'node-pg-migrate',
    files: '`NNN_name.sql`, the part after `-- Up Migration`',
    recognisedBy: '`-- Up Migration`',
    order: 'by number, then by name',
    transactions: 'all',
  },
}
