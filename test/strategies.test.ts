import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  approve,
  bake,
  blueGreen,
  boundRate,
  canary,
  createEngine,
  type Engine,
  type Entry,
  fileStore,
  hook,
  judge,
  type Release,
  rolling,
  type Rollout,
  type RolloutEnd,
  routerMetrics,
  type Strategy,
  weight,
} from '@changeover/engine'
import { type ProcessFleet, processFleet } from '@changeover/fleet-process'
import { type NodeRouter, nodeRouter } from '@changeover/router-node'
import {
  formatLoadReport,
  type LoadReport,
  openLoopLoad,
  type OpenLoopLoad,
} from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killAll, nothingLeft, processesWith } from './processes.ts'

const RATE = 100
const REPLICAS = 3
const service = 'shop'
const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))

/** Ready to be passed by a release without errors within seconds of a tenth of the load. */
const errors = (): ReturnType<typeof judge> =>
  judge({ errors: boundRate({ limit: 0.1 }) }, { every: '100ms', deadline: '4s' })

describe('Under load, half of it POST,', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-strategies-'))
  const smoked: (string | null)[] = []
  let router: NodeRouter
  let fleet: ProcessFleet
  let store: ReturnType<typeof fileStore>
  let engine: Engine
  let releases = 0
  let serving: string

  beforeAll(async () => {
    router = nodeRouter({ listeners: { [service]: { port: 0 } } })
    fleet = processFleet({ directory: join(directory, 'fleet') })
    store = fileStore({ directory: join(directory, 'store') })
    const metrics = routerMetrics(router)
    engine = createEngine({ router, fleet, store, metrics, hooks: { smoke } })
    await router.listen()
    const rollout = await deploy(rolling())
    await rollout.finished
    serving = rollout.plan.to.id
  })

  afterAll(async () => {
    await engine.close()
    await Promise.all([fleet.close(), router.close(), store.close()])
    await killAll(directory)
    rmSync(directory, { recursive: true })
  })

  /** Looks at the new release through the router, as a tester would. */
  async function smoke(): Promise<void> {
    const response = await fetch(router.url(service), { headers: { 'x-preview': 'yes' } })
    smoked.push(response.headers.get('x-release'))
  }

  function shop(fails = 0): Release {
    const id = `v${(releases += 1)}`
    const env = { MARK: directory, FAILS: String(fails) }
    const spec = { command: [process.execPath, app], env }
    return { id, version: id, spec, readiness: { everyMs: 50 } }
  }

  function deploy(strategy: Strategy, more: object = {}, release = shop()): Promise<Rollout> {
    return engine.start({ service, release, replicas: REPLICAS, strategy, by: 'ci', ...more })
  }

  /** The report of a load that ran while `work` did. */
  async function underLoad(work: (load: OpenLoopLoad) => Promise<void>): Promise<LoadReport> {
    await using load = openLoopLoad({ url: router.url(service), rate: RATE, timeout: '30s' })
    await work(load)
    return await load.stop()
  }

  async function expectServing(release: string): Promise<void> {
    const { table } = await router.observe(service)
    const running = await fleet.list(service)
    expect(table).toMatchObject({ pools: [{ release, weight: 10_000 }] })
    expect([table?.rules, table?.affinity, table?.mirror]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(running.map((instance) => instance.release)).toEqual(Array(REPLICAS).fill(release))
    serving = release
  }

  it('a canary that is judged by the router and approved by a person drops no request', async () => {
    const steps = [weight(10), errors(), weight(50), errors(), approve('go')]
    const journal: Entry[] = []
    let rollout!: Rollout
    const report = await underLoad(async () => {
      rollout = await deploy(canary({ steps }))
      for await (const entry of rollout.events()) {
        journal.push(entry)
        if (startsStep(entry, 'approve')) await rollout.approve({ gate: 'go', by: 'ada' })
      }
    })
    expectPromoted(await rollout.finished)
    expectNoneDropped(report)
    const verdicts = journal.filter((entry) => entry.type === 'judged')
    expect(verdicts.map(({ verdict }) => verdict.verdict)).toEqual(['pass', 'pass', 'pass'])
    expect(verdicts[2]!.verdict.reason).toContain('ada')
    expect(weightsOf(journal, rollout.plan.to.id)).toEqual([1_000, 5_000, 10_000])
    await expectServing(rollout.plan.to.id)
  })

  it('a canary with errors is taken back before more than its share of the users met it', async () => {
    let rollout!: Rollout
    const report = await underLoad(async () => {
      rollout = await deploy(
        canary({ steps: [weight(10), errors(), weight(50), errors()] }),
        {},
        shop(0.5),
      )
      await rollout.finished
    })
    expect(await rollout.finished).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_GATE_FAILED',
    })
    expect(report.dropped).toBeGreaterThan(0)
    expect(report.dropped).toBeLessThan(report.sent / 10)
    expect(report.byClass).toMatchObject({ 'status-5xx': report.dropped })
    expect(new Set(report.failures.map(({ release }) => release))).toEqual(
      new Set([rollout.plan.to.id]),
    )
    await expectServing(serving)
  })

  it('a canary is paused and resumed without a change of the routes in between', async () => {
    const journal: Entry[] = []
    let rollout!: Rollout
    const report = await underLoad(async () => {
      rollout = await deploy(canary({ steps: [weight(20), bake('500ms')] }))
      for await (const entry of rollout.events()) {
        journal.push(entry)
        if (!startsStep(entry, 'bake')) continue
        await rollout.pause({ by: 'ada' })
        // Longer than the bake.
        await sleep(1_000)
        await rollout.resume({ by: 'ada' })
      }
    })
    expectPromoted(await rollout.finished)
    expectNoneDropped(report)
    const commands = journal.flatMap((entry, n) => (entry.type === 'commanded' ? [n] : []))
    const between = journal.slice(commands[0], commands[1]! + 1)
    expect(between.map(({ type }) => type)).toEqual(['commanded', 'commanded'])
    await expectServing(rollout.plan.to.id)
  })

  it('blue and green flip after a smoke test that alone saw the new release', async () => {
    const before = serving
    let rollout!: Rollout
    let atFlip: LoadReport | undefined
    const report = await underLoad(async (load) => {
      const steps = [hook('smoke'), bake('500ms')]
      rollout = await deploy(
        blueGreen({ preview: { header: 'x-preview' }, steps, keepOld: '500ms' }),
      )
      for await (const entry of rollout.events()) {
        if (entry.type === 'routes-intended' && weightIn(entry, rollout.plan.to.id) > 0) {
          atFlip ??= load.snapshot()
        }
      }
    })
    expectPromoted(await rollout.finished)
    expectNoneDropped(report)
    expect(smoked).toEqual([rollout.plan.to.id])
    expect(Object.keys(atFlip?.byRelease ?? {})).toEqual([before])
    await expectServing(rollout.plan.to.id)
  })

  it('a third release supersedes a canary in the middle', async () => {
    let second!: Rollout
    let third!: Rollout
    const report = await underLoad(async () => {
      second = await deploy(canary({ steps: [weight(30), bake('10m')] }))
      for await (const entry of second.events()) if (startsStep(entry, 'bake')) break
      // Long enough for some hundred requests, a third of which the second release answers.
      await sleep(1_000)
      third = await deploy(canary({ steps: [weight(30), bake('300ms')] }), { supersede: true })
      await third.finished
    })
    expect(await second.finished).toMatchObject({ outcome: 'rolled-back' })
    expectPromoted(await third.finished)
    expectNoneDropped(report)
    expect(Object.keys(report.byRelease).sort()).toEqual(
      [serving, second.plan.to.id, third.plan.to.id].sort(),
    )
    await expectServing(third.plan.to.id)
  })

  it('nothing is left in the end', async () => {
    await engine.close()
    await fleet.close()
    expect(await nothingLeft(() => processesWith(directory), 0)).toEqual([])
  })
})

function startsStep(entry: Entry, step: string): boolean {
  return entry.type === 'step-started' && entry.step.step === step
}

type RoutesIntended = Extract<Entry, { type: 'routes-intended' }>

function weightIn({ pools }: RoutesIntended, release: string): number {
  return pools.find((pool) => pool.release === release)?.weight ?? 0
}

/** The weights of a release in the order in which they came, repetitions left out. */
function weightsOf(journal: readonly Entry[], release: string): number[] {
  const tables = journal.filter((entry) => entry.type === 'routes-intended')
  const weights = tables.map((entry) => weightIn(entry, release))
  return weights.filter((weight, n) => weight !== weights[n - 1])
}

function expectPromoted({ outcome, reason }: RolloutEnd): void {
  expect(reason ?? outcome).toBe('promoted')
}

function expectNoneDropped(report: LoadReport): void {
  const first = report.failures.slice(0, 3)
  expect(report.dropped > 0 ? { said: formatLoadReport(report), first } : 'none').toBe('none')
  expect(report.answered).toBe(report.sent)
}
