import {
  bake,
  canary,
  compareRates,
  type Entry,
  judge,
  memoryRouter,
  type Rollout,
  type Router,
  routerMetrics,
  type TrafficSample,
  weight,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { request, setStage, type Stage } from './stage.ts'

const LEASE_MS = 15_000

/** Counts what it is told to, from the start of the router. */
interface CountingRouter extends Router {
  readonly serve: (served: Record<'v1' | 'v2', readonly [total: number, bad: number]>) => void
  /** Everything starts at nothing again. */
  readonly restart: () => void
}

function countingRouter(stage: Pick<Stage, 'clock'>): CountingRouter {
  let counts: Record<string, { total: number; bad: number }> = {}
  return {
    ...memoryRouter({ clock: stage.clock }),
    traffic: async (): Promise<TrafficSample> => structuredClone(counts),
    serve(served) {
      for (const [release, [total, bad]] of Object.entries(served)) {
        const before = counts[release] ?? { total: 0, bad: 0 }
        counts[release] = { total: before.total + total, bad: before.bad + bad }
      }
    },
    restart() {
      counts = {}
    },
  }
}

const gated = canary({
  steps: [
    weight(10),
    bake('1s'),
    judge({ errors: compareRates() }, { every: '10s', deadline: '2m' }),
    weight(50),
    bake('1s'),
  ],
})

async function judging() {
  const stage = setStage()
  const router = countingRouter(stage)
  // Engines of their own, as in processes of their own: each with its own memory of what was counted.
  const engine = (holder: string) =>
    stage.another({ router, metrics: routerMetrics(router), holder, leaseTtl: LEASE_MS })
  const first = engine('first')
  await stage.clock.run(
    stage.clock.run(first.start(request('v1'))).then(({ finished }) => finished),
  )
  // Long before the judge, and none of its business.
  router.serve({ v1: [1_000_000, 5_000], v2: [50, 50] })
  const rollout = await stage.clock.run(first.start(request('v2', { strategy: gated })))
  await reach(stage, rollout, 'counting')
  return { stage, router, first, engine, rollout }
}

async function reach(stage: Stage, rollout: Rollout, type: Entry['type']): Promise<void> {
  while (!(await stage.entries(rollout.id)).some((entry) => entry.type === type))
    await stage.clock.advance(100)
}

async function verdictOf(stage: Stage, rollout: string) {
  const found = (await stage.entries(rollout)).find((entry) => entry.type === 'judged')
  if (found?.type !== 'judged') throw new Error('nothing was judged')
  return found.verdict
}

describe('an engine that is restarted while its judge counts by the router', () => {
  test('goes on counting from where the step began: nothing is lost, and nothing counts twice', async () => {
    const { stage, router, first, engine, rollout } = await judging()
    router.serve({ v1: [1_800, 9], v2: [200, 1] })
    await stage.clock.advance(10_000)
    await first.close()
    // While nobody looks.
    router.serve({ v1: [900, 4], v2: [100, 1] })
    const [resumed] = await stage.clock.run(engine('second').resume())
    router.serve({ v1: [90, 0], v2: [10, 0] })
    await stage.clock.run(resumed!.finished)
    expect(await verdictOf(stage, rollout.id)).toMatchObject({
      verdict: 'inconclusive',
      evidence: 1_800 + 200 + 900 + 100 + 90 + 10,
      reason: expect.stringContaining('2 of 310 bad'),
    })
  })

  test('fails a release on what it did before, though it does nothing wrong afterwards', async () => {
    const { stage, router, first, engine, rollout } = await judging()
    await first.close()
    router.serve({ v1: [9_000, 20], v2: [1_000, 40] })
    const [resumed] = await stage.clock.run(engine('second').resume())
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await verdictOf(stage, rollout.id)).toMatchObject({ verdict: 'fail', evidence: 10_000 })
  })

  test('together with the router counts everything since the router began anew', async () => {
    const { stage, router, first, engine, rollout } = await judging()
    router.serve({ v1: [1_800, 9], v2: [200, 1] })
    await first.close()
    router.restart()
    router.serve({ v1: [90, 1], v2: [10, 0] })
    const [resumed] = await stage.clock.run(engine('second').resume())
    await stage.clock.run(resumed!.finished)
    expect(await verdictOf(stage, rollout.id)).toMatchObject({ evidence: 100 })
  })

  test('takes over the mark of the one before: there is one for each judge', async () => {
    const { stage, first, engine, rollout } = await judging()
    const entries = await stage.entries(rollout.id)
    expect(entries.filter(({ type }) => type === 'counting')).toHaveLength(1)
    await first.close()
    const [resumed] = await stage.clock.run(engine('second').resume())
    await stage.clock.run(resumed!.finished)
    const after = await stage.entries(rollout.id)
    expect(after.filter(({ type }) => type === 'counting')).toHaveLength(1)
  })

  test('has no data while the router cannot say where the counting begins, and asks again', async () => {
    const stage = setStage()
    const router = countingRouter(stage)
    let answers = false
    const metrics = routerMetrics({
      ...router,
      traffic: async (...call) => {
        if (!answers) throw new Error('the router is busy')
        return (await router.traffic?.(...call)) ?? {}
      },
    })
    const engine = stage.another({ router, metrics })
    await stage.clock.run(engine.start(request('v1')).then(({ finished }) => finished))
    const rollout = await stage.clock.run(engine.start(request('v2', { strategy: gated })))
    await stage.clock.advance(40_000)
    expect((await stage.entries(rollout.id)).at(-1)).toMatchObject({ type: 'step-started' })
    answers = true
    await reach(stage, rollout, 'counting')
    router.serve({ v1: [90, 1], v2: [10, 0] })
    await stage.clock.run(rollout.finished)
    expect(await verdictOf(stage, rollout.id)).toMatchObject({ evidence: 100 })
  })
})
