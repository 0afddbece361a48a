import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createEngine,
  type Engine,
  type Entry,
  fileStore,
  type Release,
  type Rollout,
  type RolloutEnd,
  type Router,
  rolling,
  type Strategy,
} from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import {
  auditExecutions,
  type ExecutionAudit,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import { killAll, nothingLeft, processesWith } from './processes.ts'

const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))
const REPLICAS = 2
const RATE = 100

/** What a router is, as far as a shop behind it is concerned. */
interface FrontRouter {
  readonly router: Router
  readonly service: string
  readonly url: string
}

/** One rollout under load. */
export interface LoadedRollout {
  readonly before: string
  readonly release: string
  readonly end: RolloutEnd
  readonly report: LoadReport
  readonly audit: ExecutionAudit
  /** Tables that were put in force. */
  readonly tables: number
  /** Releases in the table in force, and of the instances that run. */
  readonly serving: readonly string[]
}

/** Two instances of real processes behind a router, and an engine that deploys to them. */
export interface RoutedShop extends AsyncDisposable {
  /** Deploys the next release under load, half of it POST. `during` sees each entry of the journal before the next one. */
  deploy(strategy: Strategy, during?: (entry: Entry) => Promise<void>): Promise<LoadedRollout>
  /** Ends all of it, and tells which processes are left. */
  end(): Promise<readonly object[]>
}

/** Opens a shop with its first release behind `front`. */
export async function routedShop({ router, service, url }: FrontRouter): Promise<RoutedShop> {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-routed-'))
  const orders = join(directory, 'orders')
  const fleet = processFleet({ directory: join(directory, 'fleet') })
  const store = fileStore({ directory: join(directory, 'store') })
  const engine = createEngine({ router, fleet, store, hooks: { smoke: async () => undefined } })
  let n = 0

  const nextRelease = (): Release => {
    const id = `v${(n += 1)}`
    const spec = { command: [process.execPath, app], env: { ORDERS: orders } }
    return { id, version: id, spec, readiness: { everyMs: 50 } }
  }
  const start = (strategy: Strategy): Promise<Rollout> =>
    engine.start({ service, release: nextRelease(), replicas: REPLICAS, strategy })
  const first = await (await start(rolling({ maxSurge: REPLICAS }))).finished
  if (first.outcome !== 'promoted') throw new Error(`the first release: ${first.reason}`)

  const close = async (): Promise<void> => {
    await engine.close()
    await Promise.all([fleet.close(), store.close()])
  }

  return {
    async deploy(strategy, during = async () => undefined) {
      const before = `v${n}`
      await using load = openLoopLoad({ url, rate: RATE, timeout: '30s' })
      const rollout = await start(strategy)
      let tables = 0
      for await (const entry of rollout.events()) {
        if (entry.type === 'routes-intended') tables += 1
        await during(entry)
      }
      const end = await rollout.finished
      const report = await load.stop()
      const executions = readFileSync(orders, 'utf8').split('\n').filter(Boolean)
      const audit = auditExecutions(report, executions)
      const serving = await servingReleases(engine, { router, service }, fleet)
      return { before, release: `v${n}`, end, report, audit, tables, serving }
    },
    async end() {
      await close()
      return nothingLeft(() => processesWith(directory), 5_000)
    },
    async [Symbol.asyncDispose]() {
      await close()
      await killAll(directory)
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function servingReleases(
  engine: Engine,
  { router, service }: Pick<FrontRouter, 'router' | 'service'>,
  fleet: ReturnType<typeof processFleet>,
): Promise<readonly string[]> {
  const { table } = await router.observe(service)
  const running = await fleet.list(service)
  const current = (await engine.service(service)).current?.id
  const routed = table?.pools.map(({ release, weight }) => `${release} ${weight}`) ?? []
  return [...new Set([`current ${current}`, ...routed, ...running.map(({ release }) => release)])]
}
