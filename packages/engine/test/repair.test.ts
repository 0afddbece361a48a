import { type Engine, memoryRouter, type Rollout, type Step } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

const BAKE: Step = { step: 'bake', durationMs: 600_000 }
const ada = { by: 'ada' }

async function deployed(...releases: string[]): Promise<Stage> {
  const stage = setStage()
  for (const id of releases) await stage.deploy(id)
  return stage
}

async function crash({ fleet }: Stage, release: string, count = Infinity): Promise<void> {
  const all = (await fleet.list('shop')).filter((one) => one.release === release)
  for (const { id } of all.slice(0, count)) fleet.crash(id)
}

async function repaired({ clock }: Stage, engine: Engine): Promise<Rollout> {
  const rollout = await clock.run(engine.repair('shop', ada))
  if (!rollout) throw new Error('nothing was repaired')
  return rollout
}

/** What the router sends where: release, weight, instances. */
async function routed({ router }: Pick<Stage, 'router'>) {
  const { table } = await router.observe('shop')
  return table?.pools.map(({ release, weight, instances }) => [release, weight, instances.length])
}

async function steps(stage: Stage, { id }: Rollout): Promise<string[]> {
  const entries = await stage.entries(id)
  return entries.flatMap((entry) => (entry.type === 'step-started' ? [entry.step.step] : []))
}

describe('engine.repair', () => {
  test('does nothing where all is well', async () => {
    const stage = await deployed('v1', 'v2')
    expect(await stage.clock.run(stage.engine.repair('shop'))).toBeUndefined()
    expect(await stage.engine.history('shop')).toHaveLength(2)
    expect(stage.clock.sleepers).toBe(0)
  })

  test('does nothing for a service that was never deployed', async () => {
    const stage = setStage()
    expect(await stage.clock.run(stage.engine.repair('shop'))).toBeUndefined()
  })

  test('launches a lost instance, after it took it out of the routes', async () => {
    const stage = await deployed('v1')
    await crash(stage, 'v1', 1)
    const rollout = await repaired(stage, stage.engine)
    expect(rollout.plan).toMatchObject({
      strategy: 'repair',
      from: { id: 'v1' },
      to: { id: 'v1' },
      capacity: { maxTotal: 3, minAvailable: 2 },
    })
    await stage.clock.advance(100)
    expect(await routed(stage)).toEqual([['v1', 10_000, 2]])
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await steps(stage, rollout)).toEqual(['shift', 'launch', 'shift'])
    expect(await routed(stage)).toEqual([['v1', 10_000, 3]])
    expect((await stage.entries(rollout.id))[0]).toMatchObject({ type: 'created', by: 'ada' })
    expect(await stage.clock.run(stage.engine.repair('shop'))).toBeUndefined()
  })

  test('brings everything back after a reboot, with a router that knows nothing', async () => {
    const stage = await deployed('v1', 'v2')
    await stage.clock.run(stage.engine.close())
    await crash(stage, 'v2')
    const router = memoryRouter({ clock: stage.clock })
    const engine = stage.another({ router })
    await stage.clock.run(engine.resume())
    const rollout = await repaired(stage, engine)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await routed({ router })).toEqual([['v2', 10_000, 3]])
    expect(await stage.running()).toEqual({ v2: 3 })
  })

  test('brings everything back after a reboot, with a router that still leads to what is gone', async () => {
    const stage = await deployed('v1')
    await crash(stage, 'v1')
    const rollout = await repaired(stage, stage.engine)
    expect(rollout.plan.warnings).toEqual([
      '3 of 3 instances of "v1" do not run',
      'nothing serves until an instance is ready',
    ])
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await routed(stage)).toEqual([['v1', 10_000, 3]])
  })

  test('lets whoever is ready first serve after a reboot, whatever ails the others', async () => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ id }) => delays[launches.push(id) - 1] ?? 0 },
    })
    const launches: string[] = []
    const delays = [0, 0, 0, 0, Infinity, 20_000, 1_000, 60_000]
    await stage.deploy('v1', { replicas: 4 })
    await crash(stage, 'v1')
    const rollout = await repaired(stage, stage.engine)
    const reached: number[] = []
    const watching = (async () => {
      for await (const entry of rollout.events()) {
        const [[, , instances] = []] = (await routed(stage)) ?? []
        if (entry.type === 'routes-converged') reached.push(Number(instances))
      }
    })()
    await stage.clock.run(watching)
    expect(reached).toEqual([1, 2, 3])
    expect(await rollout.finished).toMatchObject({ outcome: 'rolled-back' })
    expect(await stage.running()).toEqual({ v1: 4 })
  })

  test('puts a router right that somebody else changed', async () => {
    const stage = await deployed('v1')
    const { table, revision, fence } = await stage.router.observe('shop')
    const [pool] = table!.pools
    const pools = [{ ...pool!, instances: pool!.instances.slice(1) }]
    await stage.router.apply({ service: 'shop', revision: revision + 1, fence, pools })
    await stage.clock.advance(100)
    const rollout = await repaired(stage, stage.engine)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await steps(stage, rollout)).toEqual(['shift'])
    expect(await routed(stage)).toEqual([['v1', 10_000, 3]])
  })

  test('takes an instance out of the routes that stays unready, and waits for it', async () => {
    const stage = await deployed('v1')
    const [sick] = await stage.fleet.list('shop')
    let well = false
    const fleet = {
      ...stage.fleet,
      probe: async (one: { id: string }) =>
        one.id === sick!.id && !well
          ? { ready: false, reason: 'it is sick' }
          : stage.fleet.probe(sick!),
    }
    const engine = stage.another({ fleet })
    const rollout = await repaired(stage, engine)
    await stage.clock.advance(1_000)
    expect(await routed(stage)).toEqual([['v1', 10_000, 2]])
    well = true
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v1: 3 })
    expect(await routed(stage)).toEqual([['v1', 10_000, 3]])
  })

  test('takes no notice of an instance that is unready for a moment', async () => {
    const stage = await deployed('v1')
    let looks = 0
    const fleet = {
      ...stage.fleet,
      probe: async (one: Parameters<typeof stage.fleet.probe>[0]) =>
        (looks += 1) === 1 ? { ready: false } : stage.fleet.probe(one),
    }
    expect(await stage.clock.run(stage.another({ fleet }).repair('shop'))).toBeUndefined()
    expect(looks).toBeGreaterThan(3)
  })

  test('ends without taking anything away where an instance cannot become ready', async () => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ id }) => (launches.push(id) > 3 ? Infinity : 0) },
    })
    const launches: string[] = []
    await stage.deploy('v1')
    await crash(stage, 'v1', 1)
    const rollout = await repaired(stage, stage.engine)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_NOT_READY',
    })
    expect(await routed(stage)).toEqual([['v1', 10_000, 2]])
    expect(await stage.engine.service('shop')).toMatchObject({ current: { id: 'v1' } })
  })

  test('launches no more than is missing, however often it is tried in vain', async () => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ id }) => (launches.push(id) > 3 ? Infinity : 0) },
    })
    const launches: string[] = []
    await stage.deploy('v1')
    await crash(stage, 'v1')
    for (let n = 0; n < 3; n += 1) {
      const rollout = await repaired(stage, stage.engine)
      expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'failed-safe' })
      expect(await stage.running()).toEqual({ v1: 3 })
    }
  })

  test('leaves what has served and was kept, and ends what never did', async () => {
    const stage = setStage()
    await stage.deploy('v1')
    await stage.deploy('v2')
    const fence = (await stage.router.observe('shop')).fence
    for (const id of ['v1', 'v9'])
      await stage.fleet.launch({
        id: `left.${id}`,
        service: 'shop',
        release: request(id).release,
        fence,
      })
    await crash(stage, 'v2', 1)
    const rollout = await repaired(stage, stage.engine)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v1: 1, v2: 3 })
  })

  test('leaves the routes as they are where the last rollout failed safe, while anybody serves', async () => {
    const stage = await deployed('v1')
    const strategy = flip({ step: 'hook', name: 'fail', timeoutMs: 1_000, attempts: 1 })
    let broken = false
    const router = {
      ...stage.router,
      apply: async (...args: Parameters<typeof stage.router.apply>) =>
        broken
          ? { service: 'shop', revision: 0, outcome: 'rejected' as const }
          : stage.router.apply(...args),
    }
    const hooks = {
      fail: () => {
        broken = true
        return Promise.reject(new Error('no'))
      },
    }
    const engine = stage.another({ router, hooks })
    await crash(stage, 'v1', 1)
    const rollout = await stage.clock.run(engine.start(request('v2', { strategy })))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'failed-safe' })
    broken = false
    await crash(stage, 'v1', 1)
    expect(await stage.clock.run(engine.repair('shop'))).toBeUndefined()
    await crash(stage, 'v1')
    await crash(stage, 'v2')
    const repair = await repaired(stage, engine)
    expect(await stage.clock.run(repair.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v1: 3 })
  })
})

describe('a repair and everything else', () => {
  test('leaves a service alone while a rollout is under way, here or elsewhere', async () => {
    const stage = await deployed('v1')
    const rollout = await stage.clock.run(
      stage.engine.start(request('v2', { strategy: flip(BAKE) })),
    )
    await crash(stage, 'v1', 1)
    expect(await stage.clock.run(stage.engine.repair('shop'))).toBeUndefined()
    expect(await stage.clock.run(stage.another().repair('shop'))).toBeUndefined()
    await stage.clock.run(rollout.finished)
  })

  test('of two engines that repair at once, one does', async () => {
    const stage = await deployed('v1')
    await crash(stage, 'v1')
    const engines = [stage.engine, stage.another({ holder: 'b' }), stage.engine]
    const began = await stage.clock.run(Promise.all(engines.map((one) => one.repair('shop'))))
    const rollouts = began.filter((one) => one !== undefined)
    expect(rollouts).toHaveLength(1)
    await stage.clock.run(rollouts[0]!.finished)
    expect(await stage.running()).toEqual({ v1: 3 })
  })

  test('changes neither what is current nor where a rollback leads', async () => {
    const stage = await deployed('v1', 'v2')
    await crash(stage, 'v2', 2)
    await stage.clock.run((await repaired(stage, stage.engine)).finished)
    expect(await stage.engine.service('shop')).toMatchObject({ current: { id: 'v2' } })
    const back = await stage.clock.run(stage.engine.rollback('shop', ada))
    expect(back.plan).toMatchObject({ from: { id: 'v2' }, to: { id: 'v1' }, replicas: 3 })
    await stage.clock.run(back.finished)
  })

  test.each(['start', 'rollback'] as const)('makes way for %s', async (call) => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ release }) => (release === 'v2' && stuck ? Infinity : 0) },
    })
    let stuck = false
    await stage.deploy('v1')
    await stage.deploy('v2')
    stuck = true
    await crash(stage, 'v2', 1)
    const repair = await repaired(stage, stage.engine)
    await stage.clock.advance(5_000)
    const plan = await stage.engine.planRollback('shop')
    expect(plan).toMatchObject({ strategy: 'rollback', to: { id: 'v1' } })
    const next = await stage.clock.run(
      call === 'start'
        ? stage.engine.start(request('v3'))
        : stage.engine.rollback('shop', { by: 'ada' }),
    )
    expect(await stage.clock.run(repair.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await stage.clock.run(next.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual(call === 'start' ? { v3: 3 } : { v1: 3 })
  })

  test('is gone on with by another engine', async () => {
    const stage = await deployed('v1')
    await crash(stage, 'v1')
    const { id } = await repaired(stage, stage.engine)
    await stage.clock.advance(500)
    await stage.clock.run(stage.engine.close())
    const [resumed] = await stage.clock.run(stage.another().resume())
    expect(resumed?.id).toBe(id)
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v1: 3 })
  })

  test('waits for no router that never answers, and keeps no rollout waiting for long', async () => {
    const stage = await deployed('v1')
    let asked = 0
    const observe: typeof stage.router.observe = (...call) =>
      (asked += 1) === 1 ? new Promise(() => undefined) : stage.router.observe(...call)
    const engine = stage.another({ router: { ...stage.router, observe } })
    const repairing = engine.repair('shop').catch((error: unknown) => error)
    const rollout = await stage.clock.run(engine.start(request('v2')))
    expect(await repairing).toMatchObject({ message: expect.stringContaining('no answer') })
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(stage.clock.sleepers).toBe(0)
  })

  test('the planner refuses the current release to everybody else', async () => {
    const stage = await deployed('v1')
    await expect(stage.engine.plan(request('v1'))).rejects.toMatchObject({
      code: 'CHANGEOVER_RELEASE_CURRENT',
    })
  })

  test('is refused by an engine that is closed, also in the middle of its look', async () => {
    const stage = await deployed('v1')
    await crash(stage, 'v1')
    const repairing = stage.engine.repair('shop').catch((error: unknown) => error)
    await stage.clock.run(stage.engine.close())
    expect(await stage.clock.run(repairing)).toMatchObject({ code: 'CHANGEOVER_ENGINE_CLOSED' })
    await expect(stage.engine.repair('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_ENGINE_CLOSED',
    })
    expect(await stage.engine.history('shop')).toHaveLength(1)
  })
})
