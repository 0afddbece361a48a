import { checkMigrations } from '../check/check-migrations.ts'
import type { CheckOptions, MigrationInput } from '../check/check-options.ts'
import { refuse } from '../migration-error.ts'
import type { CheckReport } from '../report.ts'

/** The options of `checkMigrations`, but for the migrations themselves. */
export type MatcherOptions = Omit<CheckOptions, 'migrations'>

/** The report on what a test handed over; one that is a report already is taken as it is. */
export async function reportOf(
  received: unknown,
  options: MatcherOptions,
  matcher: string,
): Promise<CheckReport> {
  if (!isReport(received))
    return checkMigrations({ ...options, migrations: migrationsOf(received, matcher) })
  if (Object.keys(options).length === 0) return received
  throw invalid(matcher, 'options mean nothing for a report: give them to checkMigrations.')
}

/**
 * The migrations that a test handed over.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`
 */
export function migrationsOf(received: unknown, matcher: string): (string | MigrationInput)[] {
  const all: readonly unknown[] = Array.isArray(received) ? received : [received]
  const odd = all.findIndex((one) => !isMigration(one))
  if (odd < 0) return all.filter(isMigration)
  const which = Array.isArray(received) ? `entry ${odd} of the list` : 'what is expected'
  throw invalid(
    matcher,
    `${which} is ${describe(all[odd])}: expect SQL, what loadMigrations returns, or single migrations of it.`,
  )
}

/** The refusal of a matcher's options. */
export function invalid(caller: string, problems: string): Error {
  return refuse('CHANGEOVER_MIGRATIONS_OPTION_INVALID', { caller, problems })
}

function isMigration(value: unknown): value is string | MigrationInput {
  if (typeof value === 'string') return true
  return isObject(value) && typeof value['sql'] === 'string'
}

function isReport(value: unknown): value is CheckReport {
  return isObject(value) && Array.isArray(value['findings']) && Array.isArray(value['migrations'])
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function describe(value: unknown): string {
  if (value instanceof Promise) return 'a promise (await it first)'
  if (isReport(value)) return 'a report'
  return value === null ? 'null' : `of the type ${typeof value}`
}
