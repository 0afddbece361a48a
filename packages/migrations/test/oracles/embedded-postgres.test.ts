import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, watch } from 'node:fs/promises'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedPostgresOracle } from '../../src/oracles/embedded-postgres.ts'
import { connectPg } from '../../src/oracles/pg-client.ts'
import { postgresOracle } from '../../src/oracles/postgres.ts'
import type { SchemaOracle } from '../../src/oracles/schema-oracle.ts'

let directory: string
let server: SchemaOracle
let host: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'changeover-oracles-'))
  // The server runs as somebody else where the tests run as root.
  await chmod(directory, 0o1777)
  server = await embeddedPostgresOracle({ directory })
  const [folder = ''] = await readdir(directory)
  host = join(directory, folder)
}, 120_000)

afterAll(async () => {
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})

const databases = async (): Promise<string[]> => {
  const client = await connectPg({ host, user: 'postgres', database: 'postgres' }, 'test')
  const { rows } = await client.query(
    "select datname from pg_database where datname like 'changeover%'",
  )
  await client.close()
  return rows.map(([name]) => name ?? '')
}

test('a server that is killed with its parent leaves no process and no folder behind', async () => {
  const parent = join(directory, 'killed')
  const fixture = fileURLToPath(new URL('../fixtures/embedded-oracle.mjs', import.meta.url))
  await mkdir(parent)
  await chmod(parent, 0o1777)
  const child = spawn(process.execPath, [fixture, parent], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  expect(await readdir(parent)).toHaveLength(1)
  const gone = untilEmpty(parent)
  child.kill('SIGKILL')
  await gone
  // The one that empties the folder names it, and ends after that.
  await expect.poll(() => commandsThatName(parent), { timeout: 20_000 }).toEqual([])
}, 60_000)

test('through a server of yours, makes a database for each session and drops it', async () => {
  const before = await databases()
  const oracle = await postgresOracle({
    connection: { host, user: 'postgres', database: 'postgres' },
  })
  const [one, two] = await Promise.all([
    oracle.open('create table a (x int)'),
    oracle.open('create table a (x int)'),
  ])
  await one.run(['alter table a add column y int'], { transaction: false })
  const [other] = await two.run(['select y from a'], { transaction: false })
  expect(other?.error?.code).toBe('42703')
  expect(one.close()).toBe(one.close())
  await one.close()
  expect(await databases()).not.toEqual(before)
  await oracle.close()
  expect(await databases()).toEqual(before)
}, 60_000)

test('works in an empty database that is given, and refuses one that holds anything', async () => {
  const connection = { host, user: 'postgres' }
  const oracle = await postgresOracle({ connection, database: 'postgres' })
  const session = await oracle.open('create schema more; create table more.a (x int)')
  await session.run(['create type more.t as enum ()', 'create table b ()'], { transaction: true })
  await session.close()
  await oracle.close()
  const admin = await connectPg({ ...connection, database: 'postgres' }, 'test')
  await admin.query('create table mine (x int)')
  await expect(postgresOracle({ connection, database: 'postgres' })).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_DATABASE_NOT_EMPTY',
  })
  const { rows } = await admin.query(
    "select relname from pg_class where relnamespace = 'public'::regnamespace",
  )
  expect(rows).toEqual([['mine']])
  await admin.query('drop table mine')
  await admin.close()
}, 60_000)

test.each([
  [{ connectionString: 'postgres://x', databse: 'y' }, 'databse'],
  [{}, 'connectionString'],
  [{ connectionString: 'postgres://x', connection: {} }, 'connectionString'],
])('refuses the options %j before it connects', async (options, named) => {
  await expect(postgresOracle(options)).rejects.toMatchObject({
    code: 'CHANGEOVER_MIGRATIONS_OPTION_INVALID',
    message: expect.stringContaining(named) as string,
  })
})

test('stops before it loads a schema that nobody waits for any more', async () => {
  const signal = AbortSignal.abort(new Error('never mind'))
  await expect(server.open('create table a (x int)', { signal })).rejects.toThrow('never mind')
})

async function untilEmpty(folder: string): Promise<void> {
  const events = watch(folder)
  for await (const { eventType } of events) {
    if (eventType === 'rename' && (await readdir(folder)).length === 0) return
  }
}

async function commandsThatName(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  )
  // The shell that has just removed the folder may be about to end.
  return commands.filter((command) => command.includes(text) && !command.startsWith('sh\0'))
}
