import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  auditExecutions,
  type ExecutionAudit,
  type LoadReport,
  type LoadRequest,
  type OpenLoopLoad,
  openLoopLoad,
} from '@changeover/testing'
import type { Backend, Stop } from './backend.ts'
import type { Balancer } from './balancer.ts'

/** What to restart, and under which load. */
export interface RestartsOptions {
  readonly backends: readonly Backend[]
  readonly fronts: readonly Balancer[]
  /** The file to which the backends write what they execute. */
  readonly executions: string
  readonly restarts: number
  /** Requests per second through each front. */
  readonly rate: number
  /** Requests through each front at least. */
  readonly requests: number
  /** Ends the run early. */
  readonly signal: AbortSignal
}

/** What became of the requests through one front. */
export interface FrontResult {
  readonly name: string
  readonly report: LoadReport
  readonly audit: ExecutionAudit
  /** What the front wrote about trouble. */
  readonly log: string
}

/** What became of a run. */
export interface RestartsResult {
  /** One for each restart. */
  readonly stops: readonly Stop[]
  readonly fronts: readonly FrontResult[]
}

/** Restarts the backends in turn, each when all fronts have noticed that the one before is back, under a load for each front. */
export async function rollingRestarts(options: RestartsOptions): Promise<RestartsResult> {
  const { fronts, rate, executions, signal } = options
  const loads = fronts.map((front) => openLoopLoad({ url: front.url, rate, request, signal }))
  try {
    const stops = await restartAll(options)
    await Promise.all(loads.map((load) => sentAtLeast(load, options)))
    const reports = await Promise.all(loads.map((load) => load.stop()))
    signal.throwIfAborted()
    const ids = readFileSync(executions, 'utf8').split('\n')
    const result = (report: LoadReport, index: number): FrontResult => {
      const { name, log } = fronts[index]!
      return { name, report, audit: auditExecutions(report, ids), log: log() }
    }
    return { stops, fronts: reports.map(result) }
  } finally {
    await Promise.all(loads.map((load) => load.close()))
  }
}

/** Two POST, two GET: were they alternate, then so would backends, and one of them would get every POST. */
function request(n: number): LoadRequest {
  return { method: n % 4 < 2 ? 'POST' : 'GET' }
}

async function restartAll(options: RestartsOptions): Promise<Stop[]> {
  const { backends, fronts, restarts, signal } = options
  const stops: Stop[] = []
  await sleep(500, undefined, { signal })
  while (stops.length < restarts) {
    const backend = backends[stops.length % backends.length]!
    stops.push(await backend.restart())
    signal.throwIfAborted()
    // Nothing follows the last one that would have to wait for it.
    if (stops.length < restarts)
      await Promise.all(fronts.map((front) => front.noticed(backend.port)))
  }
  await sleep(500, undefined, { signal })
  return stops
}

async function sentAtLeast(load: OpenLoopLoad, options: RestartsOptions): Promise<void> {
  const { requests, rate, signal } = options
  const missing = requests - load.snapshot().sent
  if (missing > 0) await sleep((missing / rate) * 1_000 + 100, undefined, { signal })
}
