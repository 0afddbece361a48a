import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { paths, type RolloutView, type ServiceView } from '@changeover/console/api'
import {
  auditExecutions,
  type ExecutionAudit,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import { type AgentSite, agentSite, ask, startAgent, view } from './agent-process.ts'
import { freePort } from './balancers/free-port.ts'
import { instancesWith } from './processes.ts'

const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))
export const REPLICAS = 2

export interface AgentKillOptions {
  readonly directory: string
  readonly kills: number
  /** Requests per second. */
  readonly rate: number
  /** From 0 up to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
}

/** One rollout whose agent was killed, once or twice. */
export interface DisturbedRollout {
  readonly release: string
  readonly strategy: string
  readonly before: string
  /** Milliseconds after the deploy, or after the agent was back. */
  readonly kills: readonly number[]
  readonly outcome: string | undefined
  readonly failure: string | undefined
  readonly service: ServiceView
  /** Releases of the processes that run. */
  readonly running: number
}

export interface AgentKills {
  readonly rollouts: readonly DisturbedRollout[]
  readonly report: LoadReport
  readonly audit: ExecutionAudit
}

const times = { minReady: 100, readyWithin: '5s' }
const errors = {
  judge: { indicators: { errors: { boundRate: { limit: 0.5 } } }, every: 100, deadline: '2s' },
}
const STRATEGIES: Readonly<Record<string, unknown>> = {
  rolling: { rolling: { ...times, maxSurge: 1, maxUnavailable: 1 } },
  canary: { canary: { ...times, steps: [{ weight: 20 }, errors, { weight: 60 }, { bake: 300 }] } },
  blueGreen: { blueGreen: { ...times, steps: [{ bake: 300 }], keepOld: 500 } },
}
const NAMES = Object.keys(STRATEGIES)

/** Rollouts under load, whose agent is killed at random moments and started again. Every fourth release never gets ready. */
export async function killAgents(options: AgentKillOptions): Promise<AgentKills> {
  const { directory, kills, rate, random, signal } = options
  const port = await freePort()
  const executions = join(directory, 'orders')
  const prepare = (strategy: string): AgentSite =>
    agentSite(directory, configOf(strategy, port, executions))
  let site = prepare('rolling')
  let agent = await startAgent(site)
  await ended(site, await deploy(site, 'v1'), signal)
  await using load = openLoopLoad({ url: `http://127.0.0.1:${port}/`, rate, timeout: '30s' })
  const rollouts: DisturbedRollout[] = []
  let before = 'v1'
  for (let n = 2, done = 0; done < kills; n += 1) {
    signal.throwIfAborted()
    const strategy = NAMES[n % NAMES.length] ?? 'rolling'
    site = prepare(strategy)
    await ask(site, 'POST', paths.reload, { id: randomUUID() })
    const release = `v${n}`
    const id = await deploy(site, release, n % 4 === 0)
    const moments: number[] = []
    for (const again of [false, true]) {
      if (again && random() < 0.5) continue
      const afterMs = random() * 2500
      await sleep(afterMs)
      if ((await view<RolloutView>(site, paths.rollout(id))).outcome !== undefined) break
      await agent.kill()
      moments.push(Math.round(afterMs))
      agent = await startAgent(site)
    }
    done += moments.length
    const end = await ended(site, id, signal)
    const service = await view<ServiceView>(site, paths.service('shop'))
    const running = await settled(directory)
    const { outcome, failure } = end
    rollouts.push({
      release,
      strategy,
      before,
      kills: moments,
      outcome,
      failure: failure?.reason,
      service,
      running,
    })
    before = outcome === 'promoted' ? release : before
  }
  const report = await load.stop()
  const lines = readFileSync(executions, 'utf8').split('\n').filter(Boolean)
  await agent.kill('SIGTERM')
  return { rollouts, report, audit: auditExecutions(report, lines) }
}

function configOf(strategy: string, port: number, executions: string): unknown {
  const shop = {
    command: [process.execPath, app],
    env: { ORDERS: executions, READY: '{set.ready}' },
    replicas: REPLICAS,
    port,
    readiness: { every: 50 },
    strategy: STRATEGIES[strategy],
  }
  return { services: { shop }, leaseTtl: '1s', logLevel: 'warn' }
}

async function deploy(site: AgentSite, version: string, spoilt = false): Promise<string> {
  const request = { id: randomUUID(), version, set: { ready: spoilt ? 'never' : 'yes' } }
  const { status, body } = await ask(site, 'POST', paths.deploy('shop'), request)
  if (status !== 201) throw new Error(`deploy was answered with ${status}: ${JSON.stringify(body)}`)
  return (body as { id: string }).id
}

async function ended(site: AgentSite, id: string, signal: AbortSignal): Promise<RolloutView> {
  for (;;) {
    signal.throwIfAborted()
    const rollout = await view<RolloutView>(site, paths.rollout(id))
    if (rollout.outcome !== undefined) return rollout
    await sleep(50)
  }
}

/** Instances that run, when the ones that were stopped have gone. */
async function settled(directory: string): Promise<number> {
  for (let look = 0; look < 100 && instancesWith(directory).length !== REPLICAS; look += 1)
    await sleep(50)
  return instancesWith(directory).length
}
