import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Entry, Instance, Pool, Release, RolloutEnd } from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import {
  auditExecutions,
  type ExecutionAudit,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import { startRouter } from './router-process.ts'
import type { RoutedFront } from './routers/router-under-test.ts'

const engine = fileURLToPath(new URL('fixtures/killed-engine.mjs', import.meta.url))
const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))
const REPLICAS = 2

export interface KillOptions {
  /** For all that is written; everything of this run carries its name. */
  readonly directory: string
  /** One of those in fixtures/strategies.mjs. */
  readonly strategy: string
  /** How often an engine is killed. */
  readonly kills: number
  /** Every so manieth release never becomes ready, so that engines are killed on the way back too. */
  readonly spoilEvery: number
  /** Requests per second. */
  readonly rate: number
  /** From 0 up to 1. */
  readonly random: () => number
  readonly signal: AbortSignal
  /** The router that lives on. @default a nodeRouterProcess of this run's own */
  readonly front?: RoutedFront
}

export interface Kill {
  /** Milliseconds since the engine led the rollout. */
  readonly afterMs: number
  /** Type of the last entry that had become durable. */
  readonly afterEntry: string
}

/** One rollout whose engine was killed, once or twice. */
export interface KilledRollout {
  readonly release: string
  /** What served before. */
  readonly before: string
  readonly kills: readonly Kill[]
  /** Codes of engines that let go of it though nobody killed them: on a busy machine leases are lost. */
  readonly letGo: readonly string[]
  readonly end: RolloutEnd | undefined
  readonly pools: readonly Pool[]
  readonly instances: readonly Instance[]
}

export interface KillsResult {
  readonly strategy: string
  /** How long a rollout took whose engine lived. */
  readonly undisturbedMs: number
  readonly rollouts: readonly KilledRollout[]
  readonly report: LoadReport
  readonly audit: ExecutionAudit
}

interface Ended {
  readonly ends: readonly RolloutEnd[]
  readonly pools: readonly Pool[]
  readonly instances: readonly Instance[]
}

interface EngineProcess {
  readonly child: ChildProcessByStdio<null, Readable, null>
  readonly rollouts: readonly string[]
  /** Undefined where it was killed before. */
  readonly ended: Promise<Ended | undefined>
}

/** Rollouts under load, whose engine is killed at random moments and started again. The router lives on. */
export async function killEngines(options: KillOptions): Promise<KillsResult> {
  if (options.front) return killBehind({ ...options, front: options.front })
  await using front = await startRouter(join(options.directory, 'router'))
  return await killBehind({ ...options, front })
}

type FrontedOptions = KillOptions & Required<Pick<KillOptions, 'front'>>

async function killBehind(options: FrontedOptions): Promise<KillsResult> {
  const { directory, front } = options
  // Nobody asks yet, so no verdict could be had.
  await undisturbed({ ...options, strategy: 'rolling' }, 0)
  await using load = openLoopLoad({ url: front.url, rate: options.rate, timeout: '30s' })
  const undisturbedMs = await undisturbed(options, 1)
  const rollouts = await killAll(options, undisturbedMs)
  const report = await load.stop()
  const executions = readFileSync(join(directory, 'orders'), 'utf8').split('\n').filter(Boolean)
  await stopInstances(directory)
  const audit = auditExecutions(report, executions)
  return { strategy: options.strategy, undisturbedMs, rollouts, report, audit }
}

async function killAll(stage: FrontedOptions, undisturbedMs: number): Promise<KilledRollout[]> {
  const rollouts: KilledRollout[] = []
  let before = 'v1'
  let lastsMs = undisturbedMs
  for (let n = 2, kills = 0; kills < stage.kills; n += 1) {
    if (stage.signal.aborted) throw outOfTime(stage, lastsMs, rollouts)
    // Evenly spread over the rollout, and random in between; every other one is killed once more while it recovers.
    const first = ((kills + stage.random()) / stage.kills) * lastsMs
    const again = stage.random() < 0.5 ? [stage.random() * lastsMs] : []
    const began = performance.now()
    const rollout = await killedRollout(stage, before, n, [first, ...again])
    kills += rollout.kills.length
    // The machine was busier when the first one was timed.
    if (rollout.kills.length === 0) lastsMs = Math.min(lastsMs, performance.now() - began)
    before = rollout.end?.outcome === 'promoted' ? rollout.release : before
    rollouts.push(rollout)
  }
  return rollouts
}

function outOfTime(
  stage: FrontedOptions,
  lastsMs: number,
  rollouts: readonly KilledRollout[],
): Error {
  const kills = rollouts.reduce((sum, one) => sum + one.kills.length, 0)
  const letGo = rollouts.flatMap((one) => one.letGo)
  const done = `${kills} of ${stage.kills} kills in ${rollouts.length} rollouts of ${Math.round(lastsMs)} ms`
  return new Error(
    `${stage.strategy} ran out of time: ${done}, let go ${letGo.join(', ') || 'never'}`,
  )
}

async function killedRollout(
  stage: FrontedOptions,
  before: string,
  n: number,
  moments: readonly number[],
): Promise<KilledRollout> {
  const kills: Kill[] = []
  let engine = await startEngine(stage, shop(stage, n))
  const { rollouts } = engine
  for (const afterMs of moments) {
    await Promise.race([sleep(afterMs), engine.ended])
    if (!engine.child.kill('SIGKILL')) break
    const last = await engine.ended
    // It had ended before, or the signal met it after its last word.
    if (last) break
    kills.push({ afterMs, afterEntry: lastEntry(stage, rollouts).type })
    engine = await startEngine(stage)
  }
  let { ends, pools, instances } = await lastWord(engine)
  const letGo: string[] = []
  while (ends[0]?.outcome === 'interrupted') {
    if (stage.signal.aborted) throw new Error(`v${n} is let go for ever: ${letGo.at(-1)}`)
    letGo.push(ends[0].code ?? 'without a code')
    ;({ ends, pools, instances } = await lastWord(await startEngine(stage)))
  }
  const end = ends[0] ?? recordedEnd(stage, rollouts)
  return { release: `v${n}`, before, kills, letGo, end, pools, instances }
}

/** Killed between its last entry and its last word, an engine leaves nothing to resume: the end is in the journal alone. */
function recordedEnd(stage: FrontedOptions, rollouts: readonly string[]): RolloutEnd {
  const last = lastEntry(stage, rollouts)
  if (last.type !== 'finished') throw new Error(`nothing to resume after ${last.type}`)
  return { rollout: last.rollout, outcome: last.outcome }
}

async function lastWord({ ended }: EngineProcess): Promise<Ended> {
  const last = await ended
  if (last) return last
  throw new Error('an engine that nobody killed has ended')
}

/** How long a rollout takes whose engine lives. */
async function undisturbed(stage: FrontedOptions, n: number): Promise<number> {
  const engine = await startEngine(stage, shop(stage, n))
  const began = performance.now()
  const [end] = (await lastWord(engine)).ends
  if (end?.outcome !== 'promoted') throw new Error(`v${n} was not promoted: ${end?.reason}`)
  return performance.now() - began
}

function shop({ directory, spoilEvery }: FrontedOptions, n: number): Release {
  const spoilt = n > 1 && n % spoilEvery === 0
  const env = { ORDERS: join(directory, 'orders'), READY: spoilt ? 'never' : 'yes' }
  const spec = { command: [process.execPath, app], env }
  return { id: `v${n}`, version: `${n}.0.0`, spec, readiness: { everyMs: 50 } }
}

async function startEngine(stage: FrontedOptions, release?: Release): Promise<EngineProcess> {
  const { directory, strategy, front } = stage
  const { adapter } = front
  const order = JSON.stringify({ directory, adapter, strategy, replicas: REPLICAS, release })
  const child = spawn(process.execPath, [engine, order], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface(child.stdout).on('line', (line) => lines.push(line))
  const closed = once(child, 'close')
  await Promise.race([once(reader, 'line'), closed])
  if (lines.length === 0) throw new Error('the engine ended without a word')
  const { started }: { started: string[] } = JSON.parse(lines[0]!)
  const ended = closed.then((): Ended | undefined => lines[1] && JSON.parse(lines[1]))
  return { child, rollouts: started, ended }
}

/** The last entry that became durable. */
function lastEntry({ directory }: FrontedOptions, [rollout = '']: readonly string[]): Entry {
  const lines = readFileSync(join(directory, 'store', 'rollouts', `${rollout}.jsonl`), 'utf8')
  const whole = lines.slice(0, lines.lastIndexOf('\n')).split('\n')
  return JSON.parse(whole.at(-1)!)
}

/** Ends what serves, as the next owner of the fleet's directory. */
async function stopInstances(directory: string): Promise<void> {
  await using fleet = processFleet({ directory: join(directory, 'fleet') })
  await fleet.open()
}
