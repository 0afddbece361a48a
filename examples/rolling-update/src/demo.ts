import { setTimeout as sleep } from 'node:timers/promises'
import { type Release, rolling, type RolloutEnd, type Strategy } from '@changeover/engine'
import {
  auditExecutions,
  formatLoadReport,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import type { Ending } from './ending.ts'
import { release } from './releases.ts'
import type { Show } from './show.ts'
import { SERVICE, type Stage } from './stage.ts'
import { shorten } from './telling.ts'
import { warmUp } from './warm-up.ts'

/** What the story needs. */
export interface Cast {
  readonly stage: Stage
  readonly show: Show
  /** Requests per second; undefined for what this machine takes. */
  readonly rate: number | undefined
  /** Ends the story early. */
  readonly signal: AbortSignal
}

const REPLICAS = 4
const INTERLUDE_MS = 4000

/**
 * The story: v1 is deployed and gets requests; v2 replaces it meanwhile; v3 never becomes ready, and ends rolled back.
 *
 * @throws the reason of `signal`, and whatever keeps a rollout from its end
 */
export async function playDemo(cast: Cast): Promise<Ending> {
  const { stage, show, signal } = cast
  const { ordersFile, url, router } = stage
  const v1 = await deploy(cast, release({ id: 'v1', version: '1.0.0' }, ordersFile))
  const rate = cast.rate ?? (await findRate(cast))
  const load = openLoopLoad({ url, rate, postShare: 0.5 })
  try {
    show.watch(load)
    await interlude(signal)
    const v2 = await deploy(cast, release({ id: 'v2', version: '2.0.0' }, ordersFile))
    await interlude(signal)
    const traits = { id: 'v3', version: '3.0.0', ready: 'never' } as const
    const v3 = await deploy(cast, release(traits, ordersFile))
    await interlude(signal)
    const report = await load.stop()
    const pools = (await router.observe(SERVICE)).table?.pools ?? []
    const audit = auditExecutions(report, await stage.orders())
    return { ends: { v1, v2, v3 }, pools, report, audit }
  } finally {
    await load.close()
  }
}

async function findRate({ stage: { url }, show, signal }: Cast): Promise<number> {
  const onStep = (report: LoadReport): void =>
    show.note(`warm-up at ${report.rate} requests/s: ${formatLoadReport(report)}`)
  return warmUp({ url, signal, onStep })
}

function strategy(): Strategy {
  return rolling({ maxSurge: 1, maxUnavailable: 1, minReady: '1s', readyWithin: '6s' })
}

async function deploy({ stage, show, signal }: Cast, to: Release): Promise<RolloutEnd> {
  signal.throwIfAborted()
  const startedAt = performance.now()
  const request = { service: SERVICE, release: to, replicas: REPLICAS, strategy: strategy() }
  const rollout = await stage.engine.start({ ...request, by: 'demo' })
  const [end] = await Promise.all([rollout.finished, show.follow(rollout)])
  signal.throwIfAborted()
  if (end.outcome === 'interrupted') throw new Error(`${to.id} was interrupted: ${end.reason}`)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const why = end.reason === undefined ? '' : `: ${shorten(end.reason)}`
  show.note(`${to.id} ${end.outcome} after ${seconds} s${why}`)
  return end
}

async function interlude(signal: AbortSignal): Promise<void> {
  await sleep(INTERLUDE_MS, undefined, { signal })
}
