import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { CheckOptions, CheckReport, Dialect, MigrationInput } from '@changeover/migrations'
import type * as MigrationsModule from '@changeover/migrations'
import { EXIT, type ExitCode } from '../client/exit-code.ts'
import { fileText } from './file-text.ts'
import type { Shell } from './shell.ts'

const FORMATS = ['text', 'json', 'sarif', 'github'] as const
const DIALECTS: readonly Dialect[] = ['postgres', 'mysql', 'mariadb', 'sqlite']
const MODES = ['each', 'all', 'none'] as const

type Migrations = typeof MigrationsModule

/** Judges migrations without an agent, as CI does. */
export async function runMigrationsCheck(shell: Shell): Promise<ExitCode> {
  const format = shell.options.choice('format', FORMATS, 'text')
  const dialect = shell.options.choice('dialect', DIALECTS, 'postgres')
  const library = await import('@changeover/migrations')
  const report = await library.checkMigrations(await checkOptions(shell, library, dialect))
  if (shell.isJson) shell.json('migrations', { report })
  else shell.terminal.out(reportText(report, format, shell, library).trimEnd())
  return report.verdict === 'safe' ? EXIT.ok : EXIT.unhealthy
}

async function checkOptions(
  shell: Shell,
  library: Migrations,
  dialect: Dialect,
): Promise<CheckOptions> {
  const { options, signal } = shell
  const named = options.arguments()
  const places = named.length > 0 ? named : ['migrations']
  const migrations = await Promise.all(places.map((place) => migrationsAt(place, library)))
  const schema = options.text('schema')
  const serverVersion = options.text('serverVersion')
  const version = options.text('release')
  const live = await liveReleases(shell, library)
  return {
    dialect,
    migrations: migrations.flat(),
    signal,
    ...(schema === undefined ? {} : { schema: await fileText(schema, '--schema') }),
    ...(serverVersion === undefined ? {} : { serverVersion }),
    ...(version === undefined ? {} : { version }),
    ...(live === undefined ? {} : { live }),
    ...(options.text('transactions') === undefined
      ? {}
      : { transactions: options.choice('transactions', MODES, 'each') }),
  }
}

/** A folder is read as its tool reads it; a file is one migration. */
async function migrationsAt(
  place: string,
  { loadMigrations }: Migrations,
): Promise<readonly MigrationInput[]> {
  const found = await stat(place).catch(() => undefined)
  if (found?.isDirectory()) return loadMigrations(place)
  return [{ id: basename(place), file: place, sql: await fileText(place, 'the name of the file') }]
}

/** Contracts say what their releases need; of a release without one nobody knows. None named: anything may be in use. */
async function liveReleases(
  { options }: Shell,
  { loadContract }: Migrations,
): Promise<CheckOptions['live']> {
  const contracts = await Promise.all(
    options.list('contract').map(async (file) => {
      const contract = await loadContract(file)
      return { release: contract.release || basename(file, '.json'), contract }
    }),
  )
  const others = options.list('live').map((release) => ({ release }))
  const all = [...contracts, ...others]
  return all.length > 0 ? all : undefined
}

function reportText(
  report: CheckReport,
  format: (typeof FORMATS)[number],
  { terminal }: Shell,
  { formatReport, reportToGithub, reportToJson, reportToSarif }: Migrations,
): string {
  if (format === 'json') return reportToJson(report)
  if (format === 'sarif') return reportToSarif(report)
  if (format === 'github') return reportToGithub(report)
  return formatReport(report, { color: terminal.style.colour })
}
