import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mariadb'
import type { Connection } from 'mariadb'
import { programs } from '../../../../test/debian-packages.ts'

const run = promisify(execFile)

/** A MariaDB of its own, reached through a socket in its own folder. */
export interface MariadbServer {
  readonly connection: Connection
  close(): Promise<void>
}

/** Undefined where MariaDB is not there and cannot be installed. */
export async function startMariadb(): Promise<MariadbServer | undefined> {
  const found = await programs(
    { command: 'mariadbd', package: 'mariadb-server' },
    { command: 'mariadb-install-db', package: 'mariadb-server' },
  )
  const [server, install] = found ?? []
  if (server === undefined || install === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'changeover-mariadb-'))
  const asUser = await owner(folder)
  await run(install, [
    '--no-defaults',
    `--datadir=${folder}/data`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...asUser,
  ])
  const socketPath = join(folder, 's')
  const child = spawn(
    server,
    [
      '--no-defaults',
      `--datadir=${folder}/data`,
      `--socket=${socketPath}`,
      '--skip-networking',
      `--pid-file=${folder}/pid`,
      '--innodb-buffer-pool-size=16M',
      '--skip-log-bin',
      ...WITHOUT_DISK,
      ...asUser,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  await ready(child.stderr)
  const connection = await createConnection({ socketPath, user: 'root', multipleStatements: true })
  return {
    connection,
    close: async () => {
      await connection.end()
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What is lost in a crash is no loss here, and each DDL waits for the disk several times otherwise. */
const WITHOUT_DISK = [
  '--debug-no-sync',
  '--sync-frm=0',
  '--innodb-flush-method=nosync',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=0',
]

/** The server refuses to run as root: then it runs as the user of its package. */
async function owner(folder: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return []
  const { stdout } = await run('id', ['-u', 'mysql'])
  await chmod(folder, 0o755)
  await chown(folder, Number(stdout), -1)
  return ['--user=mysql']
}

function ready(log: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = ''
    log.on('data', (chunk) => {
      seen += String(chunk)
      if (seen.includes('ready for connections')) resolve()
    })
    log.on('end', () => reject(new Error(seen)))
  })
}
