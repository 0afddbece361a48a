import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Programs of one PostgreSQL. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
}

/** A server that listens on nothing but a socket in a folder of its own. */
export interface Cluster {
  /** The folder of the socket, which `pg` takes for a host. */
  readonly socket: string
  /** The superuser, without a password: nobody else can enter the folder. */
  readonly user: string
  close(): Promise<void>
}

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

const READY = 'database system is ready to accept connections'

// Nothing here has to outlive a crash.
const SETTINGS = [
  'fsync=off',
  'full_page_writes=off',
  'listen_addresses=',
  'autovacuum=off',
  'max_connections=50',
]

/**
 * Sets up the server and runs it. Ends it and removes its folder when the third descriptor ends: when it is told to, and just as
 * well when the process that started it is killed. A server that has only begun to start does not hear the first signal.
 */
const KEEPER = `
if "$INITDB" --pgdata="$DIRECTORY/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >/dev/null
then
  "$@" </dev/null & server=$!
  (read -r _; while kill -INT $server 2>/dev/null; do sleep 0.1; done) <&3 & reader=$!
  wait $server; status=$?
  kill $reader 2>/dev/null
else status=$?
fi
rm -rf "$DIRECTORY"
exit $status`

/** Sets up a server in a new folder and starts it. As root it runs as `postgres`, or else as `nobody`. */
export async function startCluster(
  programs: PostgresPrograms,
  parent: string = tmpdir(),
): Promise<Cluster> {
  const directory = await mkdtemp(join(parent, 'changeover-pg-'))
  try {
    const owner = await ownerForServer()
    if (owner.uid !== undefined && owner.gid !== undefined)
      await chown(directory, owner.uid, owner.gid)
    const keeper = await startServer(programs, directory, owner)
    return { socket: directory, user: 'postgres', close: closeOnce(keeper, directory) }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function ownerForServer(): Promise<Owner> {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])])
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      // The next one.
    }
  }
  return {}
}

async function startServer(
  { initdb, postgres }: PostgresPrograms,
  directory: string,
  owner: Owner,
): Promise<ChildProcess> {
  const settings = [...SETTINGS, `unix_socket_directories=${directory}`]
  const server = [
    postgres,
    '-D',
    join(directory, 'data'),
    ...settings.flatMap((one) => ['-c', one]),
  ]
  const keeper = spawn('sh', ['-c', KEEPER, 'keeper', ...server], {
    ...owner,
    cwd: '/',
    // A process group of its own: Ctrl-C in a terminal ends those who ask first, and the server by that.
    detached: true,
    env: { ...process.env, INITDB: initdb, DIRECTORY: directory, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  await untilReady(keeper)
  letGo(keeper)
  return keeper
}

/** @throws Error with what the server said, where it ends before it is ready */
async function untilReady(keeper: ChildProcess): Promise<void> {
  const said: string[] = []
  if (!keeper.stderr) throw new Error('The server has no standard error.')
  const lines = createInterface({ input: keeper.stderr })
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line)
      if (line.includes(READY)) resolve()
    })
    keeper.once('error', reject)
    keeper.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said.join('\n')}`)))
  })
  await ready
}

/** The process may end while the server runs; the server ends by that. */
function letGo(keeper: ChildProcess): void {
  keeper.unref()
  for (const stream of keeper.stdio) {
    if (stream instanceof Socket) stream.unref()
  }
}

function closeOnce(keeper: ChildProcess, directory: string): () => Promise<void> {
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    keeper.ref()
    const ended = keeper.exitCode === null ? once(keeper, 'exit') : undefined
    keeper.stdio[3]?.destroy()
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  return () => (closing ??= close())
}
