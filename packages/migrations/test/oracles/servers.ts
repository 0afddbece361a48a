import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { embeddedPostgresOracle } from '../../src/oracles/embedded-postgres.ts'
import type { SchemaOracle } from '../../src/oracles/schema-oracle.ts'
import { programs } from '../../../../test/debian-packages.ts'

const INSTALLED = '/usr/lib/postgresql/15/bin/postgres'

/** A folder in memory where there is room for a server, because the time of these tests goes into small files. */
export function quickDirectory(): { directory: string } | Record<string, never> {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 2_000_000_000 ? { directory: '/dev/shm' } : {}
  } catch {
    return {}
  }
}

/** PostgreSQL 18 of the package. */
export function postgres18(): Promise<SchemaOracle> {
  return embeddedPostgresOracle(quickDirectory())
}

/** PostgreSQL 15 of Debian, or undefined where it cannot be had. */
export async function postgres15(): Promise<(() => Promise<SchemaOracle>) | undefined> {
  const found = await programs({ command: INSTALLED, package: 'postgresql-15' })
  const binaries = found?.[0] === undefined ? undefined : dirname(found[0])
  return binaries === undefined
    ? undefined
    : () => embeddedPostgresOracle({ binaries, ...quickDirectory() })
}
