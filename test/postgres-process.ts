import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { programs } from './debian-packages.ts'

const run = promisify(execFile)
const INSTALLED = '/usr/lib/postgresql/15/bin/postgres'

/** A PostgreSQL of Debian on a socket of its own. */
export interface PostgresProcess {
  /** What `pg` takes. */
  readonly database: { readonly host: string; readonly user: string; readonly database: string }
  /** Runs SQL with psql and gives back what it prints, without headings. */
  sql(text: string): Promise<string>
  close(): Promise<void>
}

/** Starts one; undefined where it cannot be had. */
export async function postgresProcess(): Promise<PostgresProcess | undefined> {
  const [postgres] = (await programs({ command: INSTALLED, package: 'postgresql-15' })) ?? []
  if (postgres === undefined) return undefined
  const tool = (name: string): string => join(dirname(postgres), name)
  const folder = mkdtempSync(join(tmpdir(), 'changeover-postgres-'))
  const owner = await ownerOf(folder)
  const data = join(folder, 'data')
  await run(
    tool('initdb'),
    [`--pgdata=${data}`, '--username=postgres', '--auth=trust', '--no-sync', '--locale=C'],
    {
      ...owner,
      cwd: folder,
    },
  )
  const settings = ['fsync=off', 'listen_addresses=', `unix_socket_directories=${folder}`].flatMap(
    (one) => ['-c', one],
  )
  const server = spawn(postgres, ['-D', data, ...settings], {
    ...owner,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error('PostgreSQL did not start')))
    server.stderr.on('data', (text: Buffer) => {
      if (text.includes('ready to accept connections')) resolve()
    })
  })
  return {
    database: { host: folder, user: 'postgres', database: 'postgres' },
    sql: async (text) => {
      const options = ['-h', folder, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-Atqc', text]
      const { stdout } = await run('psql', options)
      return stdout.trim()
    },
    close: async () => {
      server.kill('SIGINT')
      await once(server, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The server refuses to run as root. */
async function ownerOf(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = await Promise.all([
    run('id', ['-u', 'postgres']),
    run('id', ['-g', 'postgres']),
  ])
  const owner = { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  chownSync(folder, owner.uid, owner.gid)
  return owner
}
