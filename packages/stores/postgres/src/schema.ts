import { readdir, readFile } from 'node:fs/promises'
import { postgresError } from './error-codes.ts'
import type { Database } from './database.ts'
import { cleanCause, readFailure } from './failure.ts'
import type { Settings } from './options.ts'

/** One of the files that make the tables, for one schema. */
interface OwnMigration {
  readonly id: string
  readonly file: string
  readonly sql: string
}

const FOLDER = new URL('../migrations/', import.meta.url)
/** Sets ours apart from those of a service whose guard keeps its journal in the same schema. */
const PREFIX = 'changeover-store-'

/** Our own migrations, oldest first, with the name of the schema put in. */
async function ownMigrations(schema: string): Promise<readonly OwnMigration[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    files.map(async (file) => ({
      id: PREFIX + file.replace('.sql', ''),
      file,
      sql: inSchema(await readFile(new URL(file, FOLDER), 'utf8'), schema),
    })),
  )
}

/** The files say `changeover` where the schema is meant: as a name, and in quotes. Pure. */
function inSchema(sql: string, schema: string): string {
  return sql
    .replaceAll("'changeover'", `'${schema}'`)
    .replaceAll(/\bchangeover(?=[.;])/g, `"${schema}"`)
}

/**
 * Makes the tables what this version needs, once: by our own guard, under its lock. Tried anew by the next call where it failed.
 *
 * @throws ChangeoverError `CHANGEOVER_POSTGRES_SCHEMA_NEWER`, `CHANGEOVER_POSTGRES_SCHEMA_FAILED`, or what the database says
 */
export function createSchema(settings: Settings, database: Database): () => Promise<void> {
  let ready: Promise<void> | undefined
  return () => {
    if (ready) return ready
    const attempt = setUp(settings, database)
    ready = attempt
    attempt.catch(() => {
      ready = undefined
    })
    return attempt
  }
}

async function setUp(settings: Settings, database: Database): Promise<void> {
  const { schema } = settings
  const known = await ownMigrations(schema)
  const done = await migrationsIn(database, schema)
  const unknown = [...done.keys()].filter((id) => known.every((one) => one.id !== id))
  if (unknown.length > 0) {
    const migrations = unknown.map((id) => id.slice(PREFIX.length)).join(', ')
    throw postgresError('CHANGEOVER_POSTGRES_SCHEMA_NEWER', { schema, migrations })
  }
  if (known.every(({ id }) => done.get(id) === true)) return
  await migrate(settings, database, known)
}

/** Those that the guard has begun, by id, and whether it came to their end. */
async function migrationsIn(
  database: Database,
  schema: string,
): Promise<ReadonlyMap<string, boolean>> {
  const table = `"${schema}".migration_steps`
  const [there] = await database.rows<{ there: boolean }>(
    'open',
    'select to_regclass($1) is not null as there',
    [table],
  )
  if (there?.there !== true) return new Map()
  const rows = await database.rows<{ id: string; done: boolean }>(
    'open',
    `select migration as id, bool_and(state = 'done') as done from ${table} where starts_with(migration, $1) group by 1`,
    [PREFIX],
  )
  return new Map(rows.map(({ id, done }) => [id, done]))
}

async function migrate(
  { schema }: Settings,
  { connect }: Database,
  migrations: readonly OwnMigration[],
): Promise<void> {
  // Only here, since reading SQL takes more to load than everything else.
  const { createMigrationGuard } = await import('@changeover/migrations')
  const guard = createMigrationGuard({
    database: connect,
    migrations,
    schemaName: schema,
    service: 'changeover-store',
  })
  try {
    await guard.run({ phase: 'expand' })
  } catch (error) {
    const failure = readFailure(error)
    const details = { schema, problem: failure.problem }
    throw postgresError('CHANGEOVER_POSTGRES_SCHEMA_FAILED', details, cleanCause(failure))
  } finally {
    await guard.close()
  }
}
