import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  type AgentView,
  type JournalPage,
  paths,
  type RolloutView,
  type ServiceView,
} from '@changeover/console/api'
import { auditExecutions, openLoopLoad } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AgentProcess,
  type AgentSite,
  agentSite,
  ask,
  startAgent,
  view,
} from './agent-process.ts'
import { freePort } from './balancers/free-port.ts'
import { postgresProcess, type PostgresProcess } from './postgres-process.ts'
import { killAll } from './processes.ts'

const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))
const LEASE_MS = 4_000
const server = await postgresProcess()

describe.skipIf(!server)('Two agents on one PostgreSQL and one machine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-two-agents-'))
  const executions = join(directory, 'orders')
  let sites: readonly [AgentSite, AgentSite]
  let agents: readonly [AgentProcess, AgentProcess] | undefined
  let url = ''

  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}/`
    sites = [siteOf(server!, directory, 'one', port), siteOf(server!, directory, 'other', port)]
    const one = await startAgent(sites[0])
    agents = [one, await startAgent(sites[1])]
  })
  afterAll(async () => {
    await Promise.all((agents ?? []).map((agent) => agent.kill('SIGTERM')))
    await killAll(directory)
    await server!.close()
    rmSync(directory, { recursive: true })
  })

  const states = async (): Promise<readonly string[]> => {
    const views = await Promise.all(sites.map((site) => view<AgentView>(site, paths.agent)))
    return views.map(({ state }) => state)
  }

  it('have one that is active and one that stands by', async () => {
    await expect.poll(states, { timeout: 20_000 }).toEqual(['active', 'standby'])
  })

  it('when one is killed in mid-rollout, the other leads within two lease times and ends it, and no request is dropped', async () => {
    const [site, other] = sites
    await ended(site, await deploy(site, 'v1'))
    await using load = openLoopLoad({ url, rate: 100, timeout: '30s' })
    const id = await deploy(site, 'v2')
    await until(site, id, ({ position, steps }) => position > 0 || steps[0]?.state === 'active')
    await sleep(300)
    await agents![0].kill()
    const killedAt = Date.now()
    const end = await ended(other, id)
    const report = await load.stop()
    expect(end).toMatchObject({ outcome: 'promoted' })
    const { entries } = await view<JournalPage>(other, `${paths.journal(id)}?limit=1000`)
    const led = entries.filter((entry) => entry.type === 'led')
    expect(new Set(led.map(({ holder }) => holder)).size).toBe(2)
    expect((led.at(-1)?.at ?? Infinity) - killedAt).toBeLessThan(2 * LEASE_MS)
    const lines = readFileSync(executions, 'utf8').split('\n').filter(Boolean)
    expect({ ...auditExecutions(report, lines), dropped: report.dropped }).toMatchObject({
      dropped: 0,
      twice: [],
      lost: [],
    })
    const service = await view<ServiceView>(other, paths.service('shop'))
    expect(service.pools).toEqual([{ release: 'v2', weight: 10_000, instances: 2 }])
  }, 60_000)

  it('the one that was killed stands by when it comes back', async () => {
    agents = [await startAgent(sites[0]), agents![1]]
    await expect.poll(states, { timeout: 20_000 }).toEqual(['standby', 'active'])
  })
})

function siteOf(
  { database }: PostgresProcess,
  directory: string,
  name: string,
  port: number,
): AgentSite {
  const own = join(directory, name)
  mkdirSync(own)
  const shop = {
    command: [process.execPath, app],
    env: { ORDERS: join(directory, 'orders') },
    replicas: 2,
    port,
    readiness: { every: 50 },
    strategy: { rolling: { maxSurge: 1, maxUnavailable: 0, minReady: 500 } },
  }
  const config = {
    services: { shop },
    router: { embedded: { directory: join(directory, 'router') } },
    fleet: { directory: join(directory, 'fleet') },
    store: { postgres: { connection: { env: 'STORE' } } },
    leaseTtl: LEASE_MS,
    logLevel: 'warn',
  }
  const host = encodeURIComponent(database.host)
  const STORE = `postgresql://${database.user}@/${database.database}?host=${host}`
  return agentSite(own, config, { STORE })
}

async function deploy(site: AgentSite, version: string): Promise<string> {
  const { status, body } = await ask(site, 'POST', paths.deploy('shop'), {
    id: randomUUID(),
    version,
  })
  expect({ status, body }).toMatchObject({ status: 201 })
  return (body as { id: string }).id
}

async function ended(site: AgentSite, id: string): Promise<RolloutView> {
  return until(site, id, ({ outcome }) => outcome !== undefined)
}

async function until(
  site: AgentSite,
  id: string,
  holds: (rollout: RolloutView) => boolean,
): Promise<RolloutView> {
  for (;;) {
    const rollout = await view<RolloutView>(site, paths.rollout(id))
    if (holds(rollout)) return rollout
    await sleep(50)
  }
}
