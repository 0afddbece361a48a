import { fileURLToPath } from 'node:url'
import type { Release } from '@changeover/engine'
import type { ProcessSpec } from '@changeover/fleet-process'
import { type Contract, loadContract } from '@changeover/migrations'
import type { Database } from './database.ts'

/** A file of this example. */
export function fileOf(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}

/** A release as the process fleet runs it. `pg` itself reads the variables that say where the database is. */
export function release(id: string, { host, user, database }: Database): Release {
  const spec: ProcessSpec = {
    command: [process.execPath, fileOf('dist/app.js')],
    env: { PGHOST: host, PGUSER: user, PGDATABASE: database },
  }
  return { id, version: id, spec, readiness: { path: '/readyz', everyMs: 100 } }
}

/** What a release asks of the database, as its tests have recorded it. */
export async function contractOf(id: string): Promise<Contract> {
  return loadContract(fileOf(`contracts/${id}.json`))
}
