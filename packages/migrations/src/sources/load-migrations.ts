import { z } from 'zod'
import type { Migration } from '../migration.ts'
import { refuse } from '../migration-error.ts'
import { readFolder } from './folder.ts'
import { FORMAT_NAMES, MIGRATION_FORMATS } from './formats.ts'
import type { MigrationFormat } from './formats.ts'
import type { Draft } from './draft.ts'
import { READERS } from './read-formats.ts'
import type { SourceOrder } from './sort-drafts.ts'
import { nothingIn, recogniseFormat } from './recognise-format.ts'
import { withTransactions } from './transactions-of.ts'

/** Options of {@link loadMigrations}. */
export interface LoadOptions {
  /** Whose files these are. @default told from what lies in the folder; see {@link MIGRATION_FORMATS} */
  readonly format?: MigrationFormat
  /** How plain SQL files are sorted. @default 'numeric' where all names begin with a number, else 'lexical' */
  readonly order?: SourceOrder
  /** Only those behind this one: its id, or its version. */
  readonly after?: string
  /** Those that ran already, by id or by version: they are left out. */
  readonly applied?: readonly string[]
}

const OPTIONS = z.strictObject({
  path: z.string().min(1),
  format: z.enum(FORMAT_NAMES).optional(),
  order: z.enum(['numeric', 'lexical']).optional(),
  after: z.string().min(1).optional(),
  applied: z.array(z.string()).optional(),
})

/**
 * Reads a folder of migrations as its tool does: which files, in which order, which part of them, in which transaction.
 *
 * Knows plain SQL files, Flyway, dbmate, sqlx, goose, graphile-migrate, Prisma, Drizzle and the SQL files of node-pg-migrate.
 * What is written in JavaScript is not read but run: see `captureMigrations`.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SOURCE_MISSING`, `CHANGEOVER_MIGRATIONS_SOURCE_EMPTY`,
 * `CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR` where the folder may be that of several tools,
 * `CHANGEOVER_MIGRATIONS_SOURCE_UNREADABLE` naming the file, `CHANGEOVER_MIGRATIONS_ID_TWICE`, and
 * `CHANGEOVER_MIGRATIONS_OPTION_INVALID`
 * @example
 * ```ts
 * const migrations = await loadMigrations('prisma/migrations', { applied: await namesInDatabase() })
 * const report = await checkMigrations({ schema, migrations, transactions: transactionsOf(migrations) })
 * ```
 */
export async function loadMigrations(
  path: string,
  options: LoadOptions = {},
): Promise<readonly Migration[]> {
  const given = OPTIONS.safeParse({ ...options, path })
  if (!given.success) throw invalid(z.prettifyError(given.error))
  const folder = await readFolder(path)
  const format = options.format ?? recogniseFormat(folder)
  const drafts = READERS[format](folder, options.order)
  if (drafts.length === 0) throw nothingIn(folder)
  const pending = pendingOf(drafts, options).map(({ migration }) => migration)
  return withTransactions(pending, MIGRATION_FORMATS[format].transactions)
}

function pendingOf(
  drafts: readonly Draft[],
  { after, applied = [] }: LoadOptions,
): readonly Draft[] {
  const last = after === undefined ? -1 : drafts.findIndex((draft) => isCalled(draft, after))
  if (after !== undefined && last < 0) {
    const ids = drafts.map(({ migration }) => migration.id).join(', ')
    throw invalid(`✖ There is no migration ${after}; there are ${ids}\n  → at after`)
  }
  return drafts.slice(last + 1).filter((draft) => !applied.some((name) => isCalled(draft, name)))
}

function isCalled({ migration, version }: Draft, name: string): boolean {
  return migration.id === name || version === name
}

function invalid(problems: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', { caller: 'loadMigrations', problems })
}
