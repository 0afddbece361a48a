import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ContractRecorder, loadContract, recordContract } from '@changeover/migrations'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../src/database.ts'
import { fileOf } from '../src/releases.ts'
import { userServer } from '../src/user-server.ts'
import { usersOf } from '../src/users.ts'

let server: Database

beforeAll(async () => {
  server = await startDatabase()
})
afterAll(() => server.close())

/** The releases, each with the schema that it was written for. */
const RELEASES: readonly (readonly [release: string, schema: readonly string[]])[] = [
  ['v1', ['schema.sql']],
  ['v2', ['schema.sql', 'migrations/001_add_full_name.sql']],
  ['v3', ['schema.sql', 'migrations/001_add_full_name.sql']],
]

describe.each(RELEASES)('The service of release %s', (release, schema) => {
  const http = { url: '', close: async (): Promise<void> => {} }
  let pool: pg.Pool
  let recorder: ContractRecorder

  beforeAll(async () => {
    pool = await databaseFor(release, schema)
    recorder = recordContract(pool, { release })
    const listener = userServer(usersOf(release, pool), release).listen(0, '127.0.0.1')
    await once(listener, 'listening')
    http.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
    http.close = async () => {
      listener.close()
      listener.closeAllConnections()
      await once(listener, 'close')
    }
  })
  afterAll(async () => {
    await http.close()
    recorder.close()
    await pool.end()
  })

  const send = async (method: string, path: string, name?: string): Promise<unknown> => {
    const body = name === undefined ? null : JSON.stringify({ name })
    const response = await fetch(`${http.url}${path}`, { method, body })
    return [response.status, await response.json()]
  }

  it('makes, renames and finds users', async () => {
    expect(await send('POST', '/users', 'Ada')).toEqual([201, { id: '1', name: 'Ada' }])
    expect(await send('PUT', '/users/1', 'Grace')).toEqual([200, { id: '1', name: 'Grace' }])
    expect(await send('GET', '/users/1')).toEqual([200, { id: '1', name: 'Grace' }])
    expect(await send('GET', '/users/2')).toEqual([404, { error: 'no such user' }])
  })

  it('asks of the database what its reviewed contract says', async () => {
    const reviewed = fileOf(`contracts/${release}.json`)
    // RECORD=1 writes the contract anew, to be reviewed with the change that it comes from.
    const directory = await mkdtemp(join(tmpdir(), 'contract-'))
    const file = process.env['RECORD'] === '1' ? reviewed : join(directory, 'contract.json')
    await recorder.save(file)
    expect(await loadContract(file)).toEqual(await loadContract(reviewed))
    await rm(directory, { recursive: true })
  })
})

async function databaseFor(release: string, schema: readonly string[]): Promise<pg.Pool> {
  const { host, user } = server
  const admin = new pg.Client(server)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${release}`)
  await admin.end()
  const pool = new pg.Pool({ host, user, database: release }).on('error', () => {})
  for (const file of schema) await pool.query(await readFile(fileOf(file), 'utf8'))
  return pool
}
