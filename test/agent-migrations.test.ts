import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type MigrationReportView, paths, type RolloutView } from '@changeover/console/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AgentProcess,
  type AgentSite,
  agentSite,
  ask,
  startAgent,
  view,
} from './agent-process.ts'
import { postgresProcess } from './postgres-process.ts'
import { killAll } from './processes.ts'

const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))
const server = await postgresProcess()

describe.skipIf(!server)('An agent with the migrations of a service', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-agent-migrations-'))
  let site: AgentSite
  let agent: AgentProcess
  beforeAll(async () => {
    mkdirSync(join(directory, 'migrations'))
    const shop = {
      command: [process.execPath, app],
      env: { ORDERS: join(directory, 'orders') },
      replicas: 1,
      port: 0,
      migrations: {
        directory: 'migrations',
        database: 'SHOP_DATABASE',
        phases: ['expand', 'contract'],
      },
    }
    const { user, database, host } = server!.database
    const url = `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}`
    site = agentSite(directory, { services: { shop } }, { SHOP_DATABASE: url })
    agent = await startAgent(site)
  })
  afterAll(async () => {
    await agent.kill('SIGTERM')
    await killAll(directory)
    await server!.close()
    rmSync(directory, { recursive: true })
  })

  const write = (name: string, sql: string): void =>
    writeFileSync(join(directory, 'migrations', name), sql)
  const deploy = (version: string): ReturnType<typeof ask> =>
    ask(site, 'POST', paths.deploy('shop'), { id: randomUUID(), version })

  it('runs them before the first instance of the release that brings them', async () => {
    write('001_orders.sql', 'CREATE TABLE orders (id bigint PRIMARY KEY, note text);')
    const { status, body } = await deploy('1.0.0')
    expect({ status, body }).toMatchObject({ status: 201 })
    const { id } = body as { id: string }
    await expect
      .poll(async () => (await view<RolloutView>(site, paths.rollout(id))).outcome, {
        timeout: 20_000,
      })
      .toBe('promoted')
    expect(await server!.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'orders'")).toBe('1')
  })

  it('refuses those that the release that runs could not live with, and reports them', async () => {
    write('002_drop.sql', 'ALTER TABLE orders DROP COLUMN note;')
    expect(await deploy('2.0.0')).toMatchObject({
      status: 422,
      body: { error: { message: expect.stringContaining('1.0.0') as string } },
    })
    const report = await view<MigrationReportView>(site, paths.migrations('shop', '2.0.0'))
    expect(report.verdict).not.toBe('safe')
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        phase: 'contract',
        place: expect.stringContaining('002_drop.sql:1') as string,
      }),
    )
  })
})
