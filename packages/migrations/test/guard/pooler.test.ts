import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createMigrationGuard } from '@changeover/migrations'
import { afterAll, describe, expect, test } from 'vitest'
import { programs } from '../../../../test/debian-packages.ts'
import { serverKinds } from './servers.ts'
import type { Reach } from './servers.ts'

const found = await programs({ command: '/usr/sbin/pgbouncer', package: 'pgbouncer' })
const kinds = await serverKinds()
const server = found && (await kinds.at(-1)!.start())
const bouncers: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const close of bouncers) await close()
  await server?.close()
})

describe.skipIf(!server)('A guard behind a real pooler', () => {
  test.each([1, 5])(
    'that hands out each transaction anew, over %i sessions, is refused',
    async (size) => {
      const database = await server!.database('create table users (id int)')
      const guard = createMigrationGuard({
        database: await bouncer(database.reach, 'transaction', size),
        migrations: [{ id: '1', sql: 'ALTER TABLE users ADD COLUMN city text' }],
      })
      await expect(guard.run({ phase: 'expand' })).rejects.toMatchObject({
        code: 'CHANGEOVER_MIGRATIONS_POOLED',
      })
      await guard.close()
    },
  )

  test('that keeps a session for as long as its client is there, runs', async () => {
    const database = await server!.database('create table users (id int)')
    const guard = createMigrationGuard({
      database: await bouncer(database.reach, 'session', 5),
      migrations: [{ id: '1', sql: 'ALTER TABLE users ADD COLUMN city text' }],
    })
    expect(await guard.run({ phase: 'expand' })).toMatchObject({ ran: ['1'] })
    await guard.close()
  })
})

/** Starts a pooler in front of a database, on a socket in a folder of its own. */
async function bouncer(
  { host, user, database }: Reach,
  mode: string,
  size: number,
): Promise<Reach> {
  const folder = mkdtempSync(join(tmpdir(), 'changeover-pooler-'))
  chmodSync(folder, 0o777)
  const settings = [
    '[databases]',
    `${database} = host=${host} user=${user} dbname=${database}`,
    '[pgbouncer]',
    `unix_socket_dir = ${folder}`,
    'listen_addr =',
    'auth_type = any',
    `pool_mode = ${mode}`,
    `default_pool_size = ${size}`,
    'ignore_startup_parameters = extra_float_digits',
  ]
  const file = join(folder, 'pgbouncer.ini')
  writeFileSync(file, settings.join('\n'))
  const owner = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
  const child = spawn('/usr/sbin/pgbouncer', [...owner, file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  bouncers.push(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  })
  await untilUp(child)
  return { host: folder, user, database, port: 6432 } as Reach
}

async function untilUp(child: ChildProcess): Promise<void> {
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The pooler did not start: ${said.join('\n')}`)))
    createInterface({ input: child.stderr! }).on('line', (line) => {
      said.push(line)
      if (line.includes('process up')) resolve()
    })
  })
}
