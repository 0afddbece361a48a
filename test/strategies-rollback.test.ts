import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  blueGreen,
  createEngine,
  fileStore,
  type Release,
  type Rollout,
  rolling,
  type RolloutEnd,
  type Router,
} from '@changeover/engine'
import { processFleet } from '@changeover/fleet-process'
import { nodeRouter } from '@changeover/router-node'
import { formatLoadReport, type LoadReport, openLoopLoad } from '@changeover/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nothingLeft, processesWith } from './processes.ts'

const ROUNDS = Number(process.env['ROUNDS'] ?? 5)
const REPLICAS = 2
const service = 'shop'
const app = fileURLToPath(new URL('fixtures/shop.mjs', import.meta.url))

interface Effect {
  /** Type of a journal entry, or a call of the router. */
  readonly name: string
  readonly atMs: number
}

describe('engine.rollback while the old side of blue and green is kept warm', () => {
  const directory = mkdtempSync(join(tmpdir(), 'changeover-rollback-'))
  const ends: RolloutEnd[] = []
  const timesMs: number[] = []
  const served: (readonly [string, number])[] = []
  let effects: Effect[] = []
  let report: LoadReport

  beforeAll(
    async () => {
      await using router = nodeRouter({ listeners: { [service]: { port: 0 } } })
      await using fleet = processFleet()
      await using store = fileStore({ directory })
      const log = (name: string): void => void effects.push({ name, atMs: performance.now() })
      const notifiers = [{ notify: async ({ type }: { type: string }) => log(type) }]
      await using engine = createEngine({ router: logged(router, log), fleet, store, notifiers })
      const deploy = (n: number, strategy = rolling()): Promise<Rollout> =>
        engine.start({ service, release: shop(n), replicas: REPLICAS, strategy })
      await router.listen()
      await (
        await deploy(0)
      ).finished
      await using load = openLoopLoad({ url: router.url(service), rate: 100, timeout: '30s' })
      for (let n = 1; n <= ROUNDS; n += 1) {
        const rollout = await deploy(n, blueGreen({ keepOld: '10m' }))
        await keptWarm(rollout)
        effects = []
        const began = performance.now()
        const back = await engine.rollback(service, { by: 'ada' })
        ends.push(await back.finished)
        timesMs.push(effects.find(({ name }) => name === 'converged')!.atMs - began)
        const { table } = await router.observe(service)
        served.push(
          ...(table?.pools ?? []).map(({ release, weight }) => [release, weight] as const),
        )
      }
      report = await load.stop()
    },
    30_000 + ROUNDS * 5_000,
  )

  afterAll(() => rmSync(directory, { recursive: true }))

  function shop(n: number): Release {
    const spec = { command: [process.execPath, app], env: { MARK: directory } }
    return { id: `v${n}`, version: `${n}.0.0`, spec, readiness: { everyMs: 50 } }
  }

  it('ends each time on the release that served before', () => {
    expect(ends.map(({ outcome }) => outcome)).toEqual(Array(ROUNDS).fill('rolled-back'))
    expect(served).toEqual(Array.from({ length: ROUNDS }, () => ['v0', 10_000]))
  })

  it('takes little time until the router has converged', () => {
    const sorted = timesMs.toSorted((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]!
    if (ROUNDS > 5) process.stdout.write(`\nmedian ${median} ms, max ${sorted.at(-1)} ms\n`)
    expect(median).toBeLessThan(500)
  })

  it('journals before it acts, and stops nobody before the routes have converged', () => {
    const names = effects.map(({ name }) => name)
    if (ROUNDS > 5) process.stdout.write(`\n${names.join(' ')}\n`)
    const order = ['commanded', 'turned-back', 'routes-intended', 'apply', 'converged']
    const places = [...order, 'routes-converged', 'stop-intended'].map((one) => names.indexOf(one))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places[0]).toBe(0)
  })

  it('drops no request', () => {
    expect(report.dropped > 0 ? formatLoadReport(report) : 'none').toBe('none')
    expect(report.answered).toBe(report.sent)
  })

  it('leaves no process behind', async () => {
    expect(await nothingLeft(() => processesWith(directory), 0)).toEqual([])
  })
})

/** Resolves when all traffic goes to the new release and the old one only waits. */
async function keptWarm(rollout: Rollout): Promise<void> {
  const flip = rollout.plan.steps.findLastIndex(({ step }) => step === 'shift')
  for await (const entry of rollout.events()) {
    if (entry.type === 'step-started' && entry.index > flip) return
  }
}

function logged(router: Router, log: (call: string) => void): Router {
  return {
    ...router,
    observe: (...call) => (log('observe'), router.observe(...call)),
    apply: (...call) => (log('apply'), router.apply(...call)),
    async converge(...call) {
      const proof = await router.converge(...call)
      log('converged')
      return proof
    },
  }
}
