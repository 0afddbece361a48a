import {
  createEngine,
  fileStore,
  memoryFleet,
  memoryRouter,
  type MigrationGuard,
  type Step,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flipAround } from './flip.ts'
import { temporaryFolder } from './journal-maker.ts'
import { request, setStage, type Stage } from './stage.ts'

const BAKE: Step = { step: 'bake', durationMs: 600_000 }
const ada = { by: 'ada' }

async function keptOld(stage: Stage): Promise<string> {
  await stage.deploy('v1')
  const strategy = flipAround([], [BAKE])
  const { id } = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(20_000)
  return id
}

describe('engine.rollback', () => {
  test('takes a rollout under way back at once where the old side is still up', async () => {
    const stage = setStage()
    const id = await keptOld(stage)
    const before = stage.clock.now()
    const rollout = await stage.clock.run(stage.engine.rollback('shop', ada))
    expect(rollout.id).toBe(id)
    await stage.clock.advance(100)
    const { table, converged } = await stage.router.observe('shop')
    expect(converged).toBe(true)
    expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
    expect(stage.clock.now() - before).toBeLessThan(1_000)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await stage.running()).toEqual({ v1: 3 })
  })

  test('writes few entries before the old side has the traffic again', async () => {
    const stage = setStage()
    const id = await keptOld(stage)
    const before = (await stage.entries(id)).length
    const rollout = await stage.clock.run(stage.engine.rollback('shop', ada))
    await stage.clock.run(rollout.finished)
    const after = (await stage.entries(id)).slice(before).map(({ type }) => type)
    expect(after.slice(0, after.indexOf('routes-converged') + 1)).toEqual([
      'commanded',
      'turned-back',
      'step-started',
      'step-finished',
      'step-started',
      'routes-intended',
      'routes-converged',
    ])
  })

  test('refuses another release than the one that the rollout under way came from', async () => {
    const stage = setStage()
    await stage.deploy('v0')
    const id = await keptOld(stage)
    await expect(
      stage.clock.run(stage.engine.rollback('shop', { ...ada, to: 'v0' })),
    ).rejects.toMatchObject({ code: 'CHANGEOVER_ROLLOUT_RUNNING' })
    expect((await stage.engine.service('shop')).rollout).toBe(id)
    await stage.clock.run(stage.engine.close())
  })

  test('launches a recorded release whose instances are gone, by a plan of its own', async () => {
    const stage = setStage()
    for (const id of ['v1', 'v2', 'v3']) await stage.deploy(id)
    const rollout = await stage.clock.run(stage.engine.rollback('shop', { ...ada, to: 'v1' }))
    expect(rollout.plan).toMatchObject({
      strategy: 'rollback',
      from: { id: 'v3' },
      to: { id: 'v1' },
    })
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v1: 3 })
    expect((await stage.engine.service('shop')).current?.id).toBe('v1')
  })

  test.each(['nothing', 'v2'])('refuses %s, and starts nothing', async (to) => {
    const stage = setStage()
    for (const id of ['v1', 'v2']) await stage.deploy(id)
    await expect(stage.engine.rollback('shop', { ...ada, to })).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
    })
    expect(await stage.engine.history('shop')).toHaveLength(2)
  })
})

describe('a schema that went on', () => {
  const guard = (floor: string | undefined): MigrationGuard => ({
    check: async () => ({ verdict: 'safe', findings: [] }),
    apply: async () => ({ verdict: 'safe', findings: [] }),
    floor: async () => floor,
  })

  async function upToThree(floor: string | undefined): Promise<Stage> {
    const stage = setStage({ migrations: guard(floor) })
    for (const id of ['v1', 'v2', 'v3']) await stage.deploy(id)
    return stage
  }

  test.each([
    ['v2', 'v2'],
    ['v2', 'v1'],
    ['v1', undefined],
  ])('lets a rollback go to %s above a floor of %s', async (to, floor) => {
    const { clock, engine } = await upToThree(floor)
    const rollout = await clock.run(engine.rollback('shop', { ...ada, to }))
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test.each(['v2', 'unheard of'])('keeps a rollback from v1 below a floor of %s', async (floor) => {
    const { clock, engine } = await upToThree(floor)
    await expect(clock.run(engine.rollback('shop', { ...ada, to: 'v1' }))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
    })
  })
})

test('with a store on disk and real time, the old side has the traffic again soon', async () => {
  const store = fileStore({ directory: await temporaryFolder() })
  const router = memoryRouter()
  const engine = createEngine({ store, router, fleet: memoryFleet() })
  await (
    await engine.start(request('v1'))
  ).finished
  const rollout = await engine.start(request('v2', { strategy: flipAround([], [BAKE]) }))
  for await (const entry of rollout.events()) {
    if (entry.type === 'step-started' && entry.step.step === 'bake') break
  }
  const begun = performance.now()
  await engine.rollback('shop', ada)
  let back = false
  for await (const entry of rollout.events()) {
    back ||= entry.type === 'turned-back'
    if (back && entry.type === 'routes-converged') break
  }
  expect(performance.now() - begun).toBeLessThan(5_000)
  const { table } = await router.observe('shop')
  expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
  expect(await rollout.finished).toMatchObject({ outcome: 'rolled-back' })
  await engine.close()
  await store.close()
})

describe('engine.planRollback', () => {
  test('tells what a rollback of a rollout under way would do, and does nothing', async () => {
    const stage = setStage()
    const id = await keptOld(stage)
    const before = await stage.entries(id)
    const plan = await stage.engine.planRollback('shop')
    expect(await stage.entries(id)).toEqual(before)
    expect(plan).toMatchObject({ from: { id: 'v2' }, to: { id: 'v1' }, warnings: [] })
    const rollout = await stage.clock.run(stage.engine.rollback('shop', ada))
    await stage.clock.run(rollout.finished)
    const done = (await stage.entries(id))
      .slice(before.length)
      .flatMap((entry) => (entry.type === 'step-started' ? [entry.step] : []))
    expect(plan.steps).toEqual(done)
  })

  test('tells what is left of a way back that has begun', async () => {
    const stage = setStage()
    await keptOld(stage)
    const whole = await stage.engine.planRollback('shop')
    const rollout = await stage.clock.run(stage.engine.rollback('shop', ada))
    await stage.clock.advance(150)
    const left = await stage.engine.planRollback('shop')
    expect(left.steps.length).toBeLessThan(whole.steps.length)
    expect(whole.steps.slice(-left.steps.length)).toEqual(left.steps)
    await stage.clock.run(rollout.finished)
  })

  test('tells of a rollout that another engine leads', async () => {
    const stage = setStage()
    await keptOld(stage)
    const there = await stage.engine.planRollback('shop')
    expect(await stage.another().planRollback('shop', { to: 'v1' })).toEqual(there)
    await stage.clock.run(stage.engine.close())
  })

  test('warns where the first release is given up', async () => {
    const stage = setStage()
    const { id } = await stage.clock.run(stage.engine.start(request('v1')))
    const plan = await stage.engine.planRollback('shop')
    expect(plan.from).toBeUndefined()
    expect(plan.warnings).toEqual([expect.stringContaining('nothing serves afterwards')])
    await stage.clock.run((await stage.engine.rollout(id)).finished)
  })

  test('is the plan that a rollback between rollouts carries out', async () => {
    const stage = setStage()
    for (const id of ['v1', 'v2', 'v3']) await stage.deploy(id)
    const plan = await stage.engine.planRollback('shop', { to: 'v1' })
    expect(await stage.engine.history('shop')).toHaveLength(3)
    const rollout = await stage.clock.run(stage.engine.rollback('shop', { ...ada, to: 'v1' }))
    expect(plan).toEqual(rollout.plan)
    await stage.clock.run(rollout.finished)
  })

  test('refuses what a rollback refuses', async () => {
    const stage = setStage()
    await stage.deploy('v1')
    await expect(stage.engine.planRollback('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
    })
    const strategy = flipAround([], [BAKE])
    await stage.clock.run(stage.engine.start(request('v2', { strategy })))
    await stage.deploy('v3').catch(() => undefined)
    await expect(stage.engine.planRollback('shop', { to: 'v0' })).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
    })
    await stage.clock.run(stage.engine.close())
    await expect(stage.engine.planRollback('shop')).rejects.toMatchObject({
      code: 'CHANGEOVER_ENGINE_CLOSED',
    })
  })
})
