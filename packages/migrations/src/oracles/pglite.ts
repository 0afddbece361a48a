import { createRequire } from 'node:module'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Extensions, PGlite } from '@electric-sql/pglite'
import type { ClientConfig } from 'pg'
import { z } from 'zod'
import { readOptions } from './oracle-options.ts'
import { oracleSession, prepareDatabase } from './oracle-session.ts'
import { importPeer } from './peers.ts'
import { defaultCacheDirectory, keep, readKept } from './pglite-cache.ts'
import { pgliteClient } from './pglite-client.ts'
import { majorVersion } from './postgres.ts'
import { resetDatabase } from './reset-database.ts'
import type { OracleSession, SchemaOracle } from './schema-oracle.ts'
import { oneAtATime } from './turns.ts'

/** Options of {@link pgliteOracle}. */
export interface PgliteOracleOptions {
  /**
   * Where the data directory that was set up once is kept, so that the next start takes a second and not five.
   *
   * @default node_modules/.cache/changeover, or a folder of the user in the temporary folder
   */
  readonly cacheDirectory?: string
  /** Extensions that the schema uses, as PGlite takes them: `{ citext }` from `@electric-sql/pglite/contrib/citext`. */
  readonly extensions?: Extensions
}

const OPTIONS = z.strictObject({
  cacheDirectory: z.string().min(1).optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
})

const CALLER = 'pgliteOracle'

/**
 * Asks PostgreSQL in this very process (`@electric-sql/pglite`, about 740 MB of memory): no server, nothing to install. It has
 * one connection, so that sessions take turns: the next one opens when the last one is closed. Its major version is that of
 * the package.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, or `CHANGEOVER_MIGRATIONS_PEER_MISSING` without the package
 * @example
 * ```ts
 * const oracle = await pgliteOracle()
 * const report = await checkMigrations({ dialect: 'postgres', schema, migrations, oracle })
 * await oracle.close()
 * ```
 */
export async function pgliteOracle(options: PgliteOracleOptions = {}): Promise<SchemaOracle> {
  readOptions(OPTIONS, options, CALLER)
  const database = await startPglite(options)
  const client = pgliteClient(database)
  const serverVersion = await majorVersion(client)
  const turns = oneAtATime()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= turns.close().then(() => database.close()))
  return {
    name: 'pglite',
    serverVersion,
    open: (schema, { signal } = {}) =>
      turns.take(signal, (done) => openSession(database, schema, signal, done)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openSession(
  database: PGlite,
  schema: string,
  signal: AbortSignal | undefined,
  done: () => void,
): Promise<OracleSession> {
  const client = pgliteClient(database)
  const dispose = async (): Promise<void> => {
    try {
      await resetDatabase(client)
    } finally {
      done()
    }
  }
  try {
    const prepared = await prepareDatabase(client, schema, { createRoles: true, signal })
    const clientSettings = () => settingsFor(database)
    const parts = { clientSettings, prepared, runner: client, releases: client, another: undefined }
    return await oracleSession({ ...parts, createRoles: true, dispose })
  } catch (error) {
    await dispose()
    throw error
  }
}

/** All clients share the one connection; each needs an object of its own for it. */
async function settingsFor(database: PGlite): Promise<() => ClientConfig> {
  const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
  return () => createPgConfig(database)
}

async function startPglite({ cacheDirectory, extensions }: PgliteOracleOptions): Promise<PGlite> {
  const name = '@electric-sql/pglite'
  const { PGlite } = await importPeer(name, CALLER, () => import('@electric-sql/pglite'))
  const more = extensions ? { extensions } : {}
  const directory = cacheDirectory ?? (await defaultCacheDirectory())
  const file = join(directory, `pglite-${await versionOf(name)}.tar.gz`)
  const kept = await readKept(file)
  if (kept) {
    try {
      return await PGlite.create({ loadDataDir: kept, ...more })
    } catch {
      // Spoilt: it is made anew below.
    }
  }
  const database = await PGlite.create(more)
  await keep(directory, file, await database.dumpDataDir('gzip'))
  return database
}

const VERSION = z.object({ version: z.string() })

/** A data directory only fits the version that made it. */
async function versionOf(name: string): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(name)
  const manifest = await readFile(join(dirname(entry), '..', 'package.json'), 'utf8')
  return VERSION.parse(JSON.parse(manifest)).version
}
