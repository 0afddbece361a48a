import {
  FULL_WEIGHT,
  type Fleet,
  memoryFleet,
  memoryRouter,
  type Rollout,
  rolling,
  type Router,
  type RouteTable,
  type Step,
} from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { flip, flipAround } from './flip.ts'
import { release, request, setStage, type Stage } from './stage.ts'

const BAKE: Step = { step: 'bake', durationMs: 3_600_000 }
const HALF: Step = { step: 'shift', weights: { v1: 5_000, v2: 5_000 } }
const HOOK: Step = { step: 'hook', name: 'smoke', timeoutMs: 3_600_000, attempts: 1 }
const APPROVE: Step = { step: 'approve', gate: 'go', quorum: 1, expiresMs: 3_600_000 }

async function begin(stage: Stage, ...gates: Step[]): Promise<Rollout> {
  await stage.deploy('v1')
  const strategy = flip(...gates)
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(10_000)
  return rollout
}

async function instanceOf(stage: Stage, of: string): Promise<string> {
  return (await stage.fleet.list('shop')).find((one) => one.release === of)!.id
}

async function routed(stage: Stage): Promise<Record<string, [number, number]>> {
  const { table } = await stage.router.observe('shop')
  return Object.fromEntries(
    (table?.pools ?? []).map((pool) => [pool.release, [pool.weight, pool.instances.length]]),
  )
}

const hooks = { smoke: () => new Promise<void>(() => undefined) }

/** A fleet whose instances can be made unready. */
function moodyFleet(clock: ReturnType<typeof virtualClock>, sick: Set<string>): Fleet {
  const fleet = memoryFleet({ clock, readyAfterMs: () => 1_000 })
  return {
    ...fleet,
    probe: async (instance, options) =>
      sick.has(instance.id)
        ? { ready: false, reason: 'status 503' }
        : fleet.probe(instance, options),
  }
}

describe('while a plan waits', () => {
  test.each([BAKE, HOOK, APPROVE])(
    'in %o, a lost instance of the new release takes the plan back',
    async (gate) => {
      const stage = setStage({ hooks })
      const rollout = await begin(stage, HALF, gate)
      stage.fleet.crash(await instanceOf(stage, 'v2'))
      await stage.clock.advance(60_000)
      expect(await stage.clock.run(rollout.finished)).toMatchObject({
        outcome: 'rolled-back',
        code: 'CHANGEOVER_INSTANCE_LOST',
      })
      expect(await stage.running()).toEqual({ v1: 3 })
    },
  )

  test('and is paused between steps, the new release is looked after too', async () => {
    const stage = setStage()
    const rollout = await begin(stage, HALF, { step: 'bake', durationMs: 12_000 }, BAKE)
    await stage.clock.run(rollout.pause({ by: 'ada' }))
    await stage.clock.advance(60_000)
    stage.fleet.crash(await instanceOf(stage, 'v2'))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_INSTANCE_LOST',
    })
  })

  test('a new instance that is unready once is forgiven, and one that stays so is not', async () => {
    const sick = new Set<string>()
    const clock = virtualClock(1_000_000)
    const stage = setStage({
      clock,
      fleet: moodyFleet(clock, sick),
      router: memoryRouter({ clock }),
    })
    const { engine } = stage
    const first = await clock.run(engine.start(request('v1')))
    await clock.run(first.finished)
    const strategy = flip(HALF, BAKE)
    const rollout = await clock.run(engine.start(request('v2', { strategy })))
    await clock.advance(10_000)
    sick.add(`${rollout.id}.1`)
    await clock.advance(6_000)
    sick.clear()
    await clock.advance(60_000)
    expect((await engine.service('shop')).rollout).toBe(rollout.id)
    sick.add(`${rollout.id}.1`)
    const end = await clock.run(rollout.finished)
    expect(end).toMatchObject({ outcome: 'rolled-back', code: 'CHANGEOVER_NOT_READY' })
    expect(end.reason).toContain('status 503')
  })

  test('a lost instance of the old release leaves the routes at once and is replaced', async () => {
    const stage = setStage()
    const rollout = await begin(stage, HALF, BAKE)
    const lost = await instanceOf(stage, 'v1')
    stage.fleet.crash(lost)
    await stage.clock.advance(100)
    expect(await routed(stage)).toEqual({ v1: [5_000, 2], v2: [5_000, 3] })
    await stage.clock.advance(20_000)
    expect(await routed(stage)).toEqual({ v1: [5_000, 3], v2: [5_000, 3] })
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v2: 3 })
  })

  test('an old release whose instances keep ending is not launched for ever', async () => {
    const stage = setStage()
    const rollout = await begin(stage, HALF, BAKE)
    for (let n = 0; n < 5; n += 1) {
      stage.fleet.crash(await instanceOf(stage, 'v1'))
      await stage.clock.advance(20_000)
    }
    const entries = await stage.entries(rollout.id)
    const replacements = entries.filter((one) => one.type === 'launch-intended' && one.insteadOf)
    expect(replacements).toHaveLength(3)
    expect(entries).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('keep ending') }),
    )
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('a replacement that a crash of the engine left half launched is brought up by the next one', async () => {
    const stage = setStage()
    await begin(stage, HALF, BAKE)
    stage.fleet.crash(await instanceOf(stage, 'v1'))
    await stage.clock.advance(200)
    await stage.clock.run(stage.engine.close())
    const [resumed] = await stage.clock.run(stage.another().resume())
    await stage.clock.advance(20_000)
    expect(await routed(stage)).toEqual({ v1: [5_000, 3], v2: [5_000, 3] })
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('and is paused amid an exchange, the next engine launches nothing above what may run', async () => {
    const stage = setStage()
    await stage.deploy('v1')
    const strategy = rolling({ maxSurge: 1, maxUnavailable: 0, minReady: '1m' })
    const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
    await stage.clock.advance(10_000)
    stage.fleet.crash(await instanceOf(stage, 'v1'))
    await stage.clock.advance(10_000)
    // The exchange has filled the room that the lost one left.
    expect(await stage.running()).toEqual({ v1: 2, v2: 2 })
    await stage.clock.run(rollout.pause({ by: 'ada' }))
    await stage.clock.run(stage.engine.close())
    const [resumed] = await stage.clock.run(stage.another().resume())
    await stage.clock.advance(60_000)
    expect(await stage.running()).toEqual({ v1: 2, v2: 2 })
    await stage.clock.run(resumed!.resume({ by: 'ada' }))
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v2: 3 })
  })

  test('and is paused after a drain, what was lost of the drained release is not launched again', async () => {
    const stage = setStage({ routerOptions: { drainAfterMs: 30_000 } })
    const rollout = await begin(stage, HALF)
    // All traffic is on the new release, and the requests of the old one are coming to their end.
    expect(await routed(stage)).toEqual({ v2: [FULL_WEIGHT, 3] })
    stage.fleet.crash(await instanceOf(stage, 'v1'))
    await stage.clock.run(rollout.pause({ by: 'ada' }))
    await stage.clock.advance(60_000)
    expect(await stage.running()).toEqual({ v1: 2, v2: 3 })
    await stage.clock.run(rollout.resume({ by: 'ada' }))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v2: 3 })
  })

  test('before the first shift, nothing of the new release is routed', async () => {
    const stage = setStage()
    const rollout = await begin(stage, BAKE)
    stage.fleet.crash(await instanceOf(stage, 'v1'))
    await stage.clock.advance(20_000)
    expect(await routed(stage)).toEqual({ v1: [FULL_WEIGHT, 3] })
    await stage.clock.run(rollout.finished)
  })
})

describe('a router that somebody else changed', () => {
  async function meddle(router: Router, change: (table: RouteTable) => RouteTable): Promise<void> {
    const { table } = await router.observe('shop')
    await router.apply(change({ ...table!, revision: table!.revision + 1 }))
  }

  test('is told and put right while the plan waits', async () => {
    const stage = setStage()
    const rollout = await begin(stage, HALF, BAKE)
    await meddle(stage.router, (table) => ({
      ...table,
      pools: table.pools.map((pool) => ({
        ...pool,
        weight: pool.release === 'v2' ? 9_000 : 1_000,
      })),
    }))
    await stage.clock.advance(15_000)
    expect(await routed(stage)).toEqual({ v1: [5_000, 3], v2: [5_000, 3] })
    expect(await stage.entries(rollout.id)).toContainEqual(
      expect.objectContaining({
        type: 'noticed',
        message: expect.stringContaining('somebody else'),
      }),
    )
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('is put right too where requests follow no table any more, as its drift says', async () => {
    const clock = virtualClock(1_000_000)
    const memory = memoryRouter({ clock })
    let drift: readonly string[] = []
    const router: Router = {
      ...memory,
      async observe(...a) {
        const observed = await memory.observe(...a)
        return { ...observed, converged: observed.converged && drift.length === 0, drift }
      },
      async apply(...a) {
        drift = []
        return memory.apply(...a)
      },
    }
    const stage = setStage({ clock, router, fleet: memoryFleet({ clock }) })
    const first = await clock.run(stage.engine.start(request('v1')))
    await clock.run(first.finished)
    const strategy = flip(HALF, BAKE)
    const rollout = await clock.run(stage.engine.start(request('v2', { strategy })))
    await clock.advance(10_000)
    const { revision } = await memory.observe('shop')
    drift = ['release "v2" is served by nobody, and others were applied']
    await clock.advance(15_000)
    expect(drift).toEqual([])
    expect((await memory.observe('shop')).revision).toBe(revision + 1)
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test.each([
    ['gets its table again', false, 15_000],
    ['and tells so gets its table at once', true, 500],
  ])('and forgot everything %s', async (_, tells, withinMs) => {
    const clock = virtualClock(1_000_000)
    const listeners = new Set<(drift: readonly string[]) => void>()
    let current = memoryRouter({ clock })
    const router: Router = {
      name: 'forgetful',
      probe: () => current.probe(),
      observe: (...a) => current.observe(...a),
      apply: (...a) => current.apply(...a),
      converge: (...a) => current.converge(...a),
      drain: (...a) => current.drain(...a),
      watch(_service, listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }
    const stage = setStage({ clock, router, fleet: memoryFleet({ clock }) })
    const first = await clock.run(stage.engine.start(request('v1')))
    await clock.run(first.finished)
    const strategy = flip(HALF, BAKE)
    const rollout = await clock.run(stage.engine.start(request('v2', { strategy })))
    await clock.advance(10_000)
    current = memoryRouter({ clock })
    // Three at once are one look.
    if (tells) for (let n = 0; n < 3; n += 1) for (const tell of listeners) tell(['it restarted'])
    await clock.advance(withinMs)
    expect((await current.observe('shop')).table?.pools).toHaveLength(2)
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(listeners.size).toBe(0)
  })
})

test('a warm old side is looked after until it goes', async () => {
  const stage = setStage()
  await stage.deploy('v1')
  const strategy = flipAround([], [BAKE])
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(10_000)
  stage.fleet.crash(await instanceOf(stage, 'v1'))
  await stage.clock.advance(20_000)
  expect(await stage.running()).toEqual({ v1: 3, v2: 3 })
  expect(await routed(stage)).toEqual({ v2: [FULL_WEIGHT, 3] })
  expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
})

test('the watch over ten thousand instances costs less than a millisecond each for ten minutes', async () => {
  const replicas = 5_000
  const clock = virtualClock(1_000_000)
  const stage = setStage({ clock, fleet: memoryFleet({ clock }), router: memoryRouter({ clock }) })
  const { engine } = stage
  const first = await clock.run(
    engine.start(request('v1', { replicas, strategy: rolling({ maxSurge: '100%' }) })),
  )
  await clock.run(first.finished)
  const strategy = flip(HALF, { step: 'bake', durationMs: 600_000 })
  const rollout = await clock.run(
    engine.start({ service: 'shop', release: release('v2'), replicas, strategy }),
  )
  const begun = performance.now()
  expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  expect(performance.now() - begun).toBeLessThan(30_000)
}, 60_000)
