import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  chainProblem,
  createEngine,
  type Entry,
  fileStore,
  type Pool,
  type Release,
  rolling,
  type RolloutEnd,
} from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import { nodeRouter } from '@changeover/router-node'
import {
  auditExecutions,
  formatLoadReport,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nothingLeft, processesWith, reapersOf } from './processes.ts'

const UPDATES = 20
const REPLICAS = 4
const RATE = 300
const service = 'shop'
const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))

describe('Twenty rolling updates in a row under 300 requests per second, half of them POST', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-updates-'))
  const ordersFile = join(directory, 'orders.txt')
  const ends: RolloutEnd[] = []
  let report: LoadReport
  let pools: readonly Pool[] = []

  beforeAll(async () => {
    await using router = nodeRouter({ listeners: { [service]: { port: 0 } } })
    await using fleet = processFleet()
    await using store = fileStore({ directory })
    await using engine = createEngine({ router, fleet, store })
    const deploy = async (n: number): Promise<void> => {
      const strategy = rolling({ maxSurge: 2, maxUnavailable: 1 })
      const release = shop(n)
      const rollout = await engine.start({ service, release, replicas: REPLICAS, strategy })
      ends.push(await rollout.finished)
    }
    await router.listen()
    await deploy(0)
    await using load = openLoopLoad({ url: router.url(service), rate: RATE, postShare: 0.5 })
    for (let n = 1; n <= UPDATES; n += 1) await deploy(n)
    report = await load.stop()
    pools = (await router.observe(service)).table?.pools ?? []
  }, 180_000)

  afterAll(() => rmSync(directory, { recursive: true }))

  function shop(n: number): Release {
    const spec = { command: [process.execPath, app], env: { ORDERS: ordersFile } }
    return { id: `v${n}`, version: `${n}.0.0`, spec, readiness: { everyMs: 50 } }
  }

  it('promotes every release', () => {
    const outcomes = ends.map(({ outcome, reason }) => reason ?? outcome)
    expect(outcomes).toEqual(Array.from({ length: UPDATES + 1 }, () => 'promoted'))
  })

  it('leaves the last release alone in the routes, with all its instances', () => {
    expect(pools).toMatchObject([{ release: `v${UPDATES}`, weight: 10_000 }])
    expect(pools[0]!.instances).toHaveLength(REPLICAS)
  })

  it('drops no request', () => {
    expect({ said: formatLoadReport(report), first: report.failures.slice(0, 3) }).toEqual({
      said: expect.stringContaining(' dropped 0 '),
      first: [],
    })
    expect(report.answered).toBe(report.sent)
    expect(report.sent).toBeGreaterThan((RATE * report.elapsedMs) / 1000 - RATE)
  })

  it('lets every release answer some', () => {
    const releases = Array.from({ length: UPDATES + 1 }, (_, n) => `v${n}`)
    expect(Object.keys(report.byRelease).sort()).toEqual(releases.sort())
  })

  it('executes no request twice and loses none', () => {
    const orders = readFileSync(ordersFile, 'utf8').split('\n').filter(Boolean)
    const { executed, ...faults } = auditExecutions(report, orders)
    expect(faults).toEqual({ twice: [], lost: [], unconfirmed: [] })
    expect(executed).toBe(report.sent)
  })

  it('writes journals whose chain of hashes is whole', () => {
    const journals = readdirSync(join(directory, 'rollouts')).filter((name) => name.endsWith('l'))
    expect(journals).toHaveLength(UPDATES + 1)
    for (const name of journals) {
      const lines = readFileSync(join(directory, 'rollouts', name), 'utf8')
        .trimEnd()
        .split('\n')
      const entries = lines.map((line): Entry => JSON.parse(line))
      const problems = entries.map((entry, n) => chainProblem(entry, entries[n - 1]))
      expect({ name, problems: problems.filter(Boolean) }).toEqual({ name, problems: [] })
      expect(entries.at(-1)).toMatchObject({ type: 'finished', outcome: 'promoted' })
    }
  })

  it('leaves no process behind', async () => {
    expect(await nothingLeft(() => processesWith(directory), 0)).toEqual([])
    expect(await nothingLeft(() => reapersOf(process.pid), 0)).toEqual([])
  })
})
