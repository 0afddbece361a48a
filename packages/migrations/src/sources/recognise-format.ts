import { refuse } from '../migration-error.ts'
import type { Folder } from './folder.ts'
import { baseName } from './folder.ts'
import { FORMAT_NAMES } from './formats.ts'
import type { MigrationFormat } from './formats.ts'
import { DBMATE, GOOSE, NODE_PG_MIGRATE } from './sections.ts'

type Recogniser = (folder: Folder) => string | undefined

export const FLYWAY_NAME: RegExp = /^(?:[VUB]\d[\d._]*|R)__.+\.sql$/i
export const SCRIPT_NAME: RegExp = /^(?!.*\.d\.[cm]?ts$).*\.[cm]?[jt]sx?$/
export const NO_TRANSACTION: RegExp = /^-- no-transaction\b/

const RECOGNISERS: Readonly<Record<MigrationFormat, Recogniser>> = {
  // What is left when no tool has left a sign of its own.
  sql: () => undefined,
  drizzle: ({ names }) =>
    names.find((name) => name === 'meta/_journal.json' || /^[^/]+\/snapshot\.json$/.test(name)),
  prisma: ({ names }) =>
    names.find((name) => name === 'migration_lock.toml' || isFolderOfPrisma(name, names)),
  'graphile-migrate': ({ names }) =>
    names.find((name) => /^(?:current\.sql|committed\/.*\.sql)$/.test(name)),
  flyway: ({ names }) => names.find((name) => FLYWAY_NAME.test(baseName(name))),
  dbmate: saying(DBMATE.up),
  goose: saying(GOOSE.up),
  'node-pg-migrate': saying(NODE_PG_MIGRATE.up),
  sqlx: saying(NO_TRANSACTION),
}

/**
 * Tells by what lies in a folder which tool left it.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR` where it may be several, `CHANGEOVER_MIGRATIONS_SOURCE_EMPTY`
 * where there is nothing to read
 */
export function recogniseFormat(folder: Folder): MigrationFormat {
  const seen = FORMAT_NAMES.flatMap((format) => {
    const by = RECOGNISERS[format](folder)
    return by === undefined ? [] : [{ format, by }]
  })
  const [first, ...others] = seen
  if (first && others.length === 0) return first.format
  if (first) {
    const list = seen.map(({ format, by }) => `${format} by ${by}`).join(', ')
    throw refuse('CHANGEOVER_MIGRATIONS_SOURCE_UNCLEAR', { path: folder.path, seen: list })
  }
  if (topLevel(folder).length === 0) throw nothingIn(folder)
  return 'sql'
}

/** Names of the SQL files that lie in the folder itself. */
export function topLevel({ names }: Folder): readonly string[] {
  return names.filter((name) => /^[^/]+\.sql$/i.test(name))
}

/** The error (not thrown) of a folder in which there is no migration. */
export function nothingIn({ path, names }: Folder): Error {
  const script = names.find((name) => SCRIPT_NAME.test(name))
  const seen =
    script === undefined
      ? `${names.length} other files`
      : `${script}, which has to be run: see captureMigrations`
  return refuse('CHANGEOVER_MIGRATIONS_SOURCE_EMPTY', { path, seen })
}

function isFolderOfPrisma(name: string, names: readonly string[]): boolean {
  const [folder, ...file] = name.split('/')
  return file.join('/') === 'migration.sql' && !names.includes(`${folder}/snapshot.json`)
}

/** By a text in a file that lies in the folder itself. */
function saying(pattern: RegExp): Recogniser {
  return (folder) => {
    const name = topLevel(folder).find((one) => pattern.test(folder.files.get(one)?.text ?? ''))
    return name === undefined ? undefined : `a line of ${name}`
  }
}
