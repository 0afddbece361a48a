import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolView, RolloutView } from '@changeover/console/api'
import {
  auditExecutions,
  formatLoadReport,
  type LoadReport,
  openLoopLoad,
} from '@changeover/testing'
import type { Act, Ending } from './ending.ts'
import { changeover } from './programs.ts'
import { GATE, SERVICE, SLOW } from './shop-config.ts'
import type { Stage } from './stage.ts'
import type { Watch } from './watch.ts'
import { warmUp } from './warm-up.ts'

/** Exit codes of `changeover`. */
const REFUSED = 3
const ROLLED_BACK = 4

/** What the story needs. */
export interface Cast {
  readonly stage: Stage
  /** Looks at rollouts by the console's API. */
  readonly watch: Watch
  /** Requests per second; undefined for what this machine takes. */
  readonly rate: number | undefined
  /** Ends the story early. */
  readonly signal: AbortSignal
}

/** Plays the story under load. @throws the reason of `signal`, and whatever keeps an act from its end */
export async function playStory(cast: Cast): Promise<Ending> {
  const { stage, signal } = cast
  const acts: Act[] = [await first(cast)]
  const rate = cast.rate ?? (await findRate(cast))
  const load = openLoopLoad({ url: stage.shopUrl, rate, postShare: 0.5, timeout: '30s' })
  try {
    for (const act of [crash, badRelease, approvedAndTakenBack, newColumn, oldColumn]) {
      acts.push(await act(cast))
      process.stdout.write(`${formatLoadReport(load.snapshot())}\n`)
      signal.throwIfAborted()
    }
    const service = await cast.watch.service()
    const report = await load.stop()
    const audit = auditExecutions(report, await stage.executions())
    return { acts, current: service.current?.id, pools: service.pools ?? [], report, audit }
  } finally {
    await load.close()
  }
}

async function first(cast: Cast): Promise<Act> {
  scene('1. The first release: four instances behind the router')
  return { name: 'first', expected: 0, exitCode: await run(cast, 'deploy', SERVICE, '1.0.0') }
}

async function crash(cast: Cast): Promise<Act> {
  const { stage, watch } = cast
  scene('2. A rolling update, and a crash in the middle of it')
  const deploy = run(cast, 'deploy', SERVICE, '2.0.0')
  const disturb = async (): Promise<void> => {
    await watch.until((rollout) => ready(rollout, '2.0.0') >= 2, deploy)
    await stage.killAgent()
    say('the agent was killed with -9; the shop and its router serve on')
    await sleep(1000)
    await stage.reviveAgent()
    say('the agent was started again')
  }
  const [exitCode] = await Promise.all([deploy, disturb()])
  return { name: 'crash', expected: 0, exitCode }
}

async function badRelease(cast: Cast): Promise<Act> {
  scene(`3. A canary: ${SLOW} answers right, but too late, and the judge sends it back`)
  await configure(cast, 'canary')
  return {
    name: 'bad release',
    expected: ROLLED_BACK,
    exitCode: await run(cast, 'deploy', SERVICE, SLOW),
  }
}

async function approvedAndTakenBack(cast: Cast): Promise<Act> {
  scene('4. Blue and green: approved by a person, taken back in one call')
  await configure(cast, 'blueGreen')
  const deploy = run(cast, 'deploy', SERVICE, '4.0.0')
  const decide = async (): Promise<number> => {
    const { watch } = cast
    await watch.until(({ gates }) => gates.some(({ gate, open }) => gate === GATE && open), deploy)
    const approved = await run(cast, 'approve', SERVICE, '--gate', GATE)
    await watch.until(({ pools }) => pools.some(isAll('4.0.0')), deploy)
    await sleep(2000)
    return approved || run(cast, 'rollback', SERVICE, '--yes', '--no-wait')
  }
  const [deployed, decided] = await Promise.all([deploy, decide()])
  return { name: 'approved', expected: ROLLED_BACK, exitCode: decided || deployed }
}

function isAll(wanted: string): (pool: PoolView) => boolean {
  return ({ release, weight }) => release === wanted && weight === 10_000
}

async function newColumn(cast: Cast): Promise<Act> {
  scene('5. Expand: a column is added, and a release that needs it follows')
  await cast.stage.addMigration('001_add_comment.sql')
  await configure(cast, 'rolling')
  return { name: 'expand', expected: 0, exitCode: await run(cast, 'deploy', SERVICE, '5.0.0') }
}

async function oldColumn(cast: Cast): Promise<Act> {
  scene('6. Contract: the old column goes, but not while a release that reads it may come back')
  await cast.stage.addMigration('002_drop_note.sql')
  await configure(cast, 'rolling', 'contract')
  const refused = await run(cast, 'deploy', SERVICE, '6.0.0')
  say(`refused with exit code ${refused}; now the releases before 5.0.0 are given up`)
  const allowed = await run(cast, 'deploy', SERVICE, '6.0.0', '--give-up-rollback-to', 'all')
  return { name: 'contract', expected: 0, exitCode: refused === REFUSED ? allowed : 1 }
}

function ready({ counts }: RolloutView, release: string): number {
  return counts.find((one) => one.release === release)?.ready ?? 0
}

async function configure(cast: Cast, ...way: Parameters<Stage['configure']>): Promise<void> {
  await cast.stage.configure(...way)
  await run(cast, 'reload')
}

async function run({ stage, signal }: Cast, ...args: readonly string[]): Promise<number> {
  return changeover(stage, args, signal)
}

async function findRate({ stage: { shopUrl: url }, signal }: Cast): Promise<number> {
  return warmUp({ url, signal, onStep: sayStep })
}

function sayStep(report: LoadReport): void {
  say(`warm-up at ${report.rate} requests/s: ${formatLoadReport(report)}`)
}

function scene(title: string): void {
  process.stdout.write(`\n── ${title}\n`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
