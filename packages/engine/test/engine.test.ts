import { createEngine, type Entry, type Notifier, type Strategy } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { release, request, setStage } from './stage.ts'

describe('an engine', () => {
  test('brings a first release into service', async () => {
    const { deploy, router, running } = setStage()
    expect(await deploy('v1')).toBe('promoted')
    expect(await running()).toEqual({ v1: 3 })
    const { table } = await router.observe('shop')
    expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
    expect(table?.pools[0]?.instances).toHaveLength(3)
  })

  test('replaces a release by the next and leaves nothing of the old one running', async () => {
    const { deploy, running } = setStage()
    await deploy('v1')
    expect(await deploy('v2')).toBe('promoted')
    expect(await running()).toEqual({ v2: 3 })
  })

  test('scales with the replicas of the new release, up and down', async () => {
    const { deploy, running } = setStage()
    await deploy('v1', { replicas: 2 })
    expect(await deploy('v2', { replicas: 5 })).toBe('promoted')
    expect(await running()).toEqual({ v2: 5 })
    expect(await deploy('v3', { replicas: 1 })).toBe('promoted')
    expect(await running()).toEqual({ v3: 1 })
  })

  test('takes over a service that its store does not know', async () => {
    const { engine, fleet, router, clock, running } = setStage()
    const old = await fleet.launch({ id: 'a', service: 'shop', release: release('v0'), fence: 0 })
    await clock.advance(1_000)
    const pools = [{ release: 'v0', weight: 10_000, instances: [old] }]
    await router.apply({ service: 'shop', revision: 7, fence: 0, pools })
    const rollout = await clock.run(
      engine.start(request('v1', { current: release('v0'), replicas: 1 })),
    )
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual({ v1: 1 })
  })

  test('plans without doing anything', async () => {
    const { engine, running, deploy } = setStage()
    await deploy('v1')
    const plan = await engine.plan(request('v2'))
    expect(plan.steps).toMatchObject([{ step: 'replace', release: 'v2', replicas: 3 }])
    expect(plan.rollback).toMatchObject([{ step: 'replace', release: 'v1', replicas: 3 }])
    expect(plan.capacity).toEqual({ maxTotal: 4, minAvailable: 3 })
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(await running()).toEqual({ v1: 3 })
    expect(await engine.history('shop')).toHaveLength(1)
  })

  test('refuses the release that is already in place', async () => {
    const { engine, deploy } = setStage()
    await deploy('v1')
    await expect(engine.start(request('v1'))).rejects.toMatchObject({
      code: 'CHANGEOVER_RELEASE_CURRENT',
    })
  })

  test('refuses a second rollout while one is under way', async () => {
    const { engine, clock } = setStage()
    const first = await clock.run(engine.start(request('v1')))
    await expect(engine.start(request('v2'))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_RUNNING',
      details: { rollout: first.id },
    })
    await clock.run(first.finished)
  })

  test('lets only one of two rollouts start at the same instant', async () => {
    const { engine, another, clock } = setStage()
    const starts = [engine.start(request('v1')), another().start(request('v2'))]
    const settled = await clock.run(Promise.allSettled(starts))
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await clock.run(engine.close())
  })

  test('tells the whole story to every reader of its events, early or late', async () => {
    const { engine, clock, entries } = setStage()
    const rollout = await clock.run(engine.start(request('v1')))
    const collect = async (): Promise<Entry[]> => {
      const seen: Entry[] = []
      for await (const entry of rollout.events()) seen.push(entry)
      return seen
    }
    const early = collect()
    await clock.run(rollout.finished)
    const journal = await entries(rollout.id)
    expect(await early).toEqual(journal)
    expect(await collect()).toEqual(journal)
    expect(journal[0]).toMatchObject({ type: 'created', seq: 0 })
    expect(journal.at(-1)).toMatchObject({ type: 'finished', outcome: 'promoted' })
  })

  test('journals every intent before its effect, and done only after it was observed', async () => {
    const stage = setStage()
    await stage.deploy('v1')
    const rollout = await stage.clock.run(stage.engine.start(request('v2')))
    await stage.clock.run(rollout.finished)
    const types = (await stage.entries(rollout.id)).map((entry) => entry.type)
    const order = ['launch-intended', 'launched', 'ready', 'routes-intended', 'routes-converged']
    const firsts = [...order, 'drained', 'stop-intended', 'stopped', 'finished'].map((type) =>
      types.indexOf(type as Entry['type']),
    )
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b))
    expect(firsts).not.toContain(-1)
  })

  test('keeps its history, oldest first, with outcomes', async () => {
    const { engine, deploy } = setStage()
    await deploy('v1')
    await deploy('v2')
    const history = await engine.history('shop')
    expect(history.map(({ to, outcome }) => [to.id, outcome])).toEqual([
      ['v1', 'promoted'],
      ['v2', 'promoted'],
    ])
  })

  test('says what a service is now: its current release, and the rollout under way', async () => {
    const { engine, deploy, clock } = setStage()
    expect(await engine.service('shop')).toEqual({ name: 'shop' })
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    expect(await engine.service('shop')).toMatchObject({
      current: { id: 'v1' },
      rollout: rollout.id,
    })
    await clock.run(rollout.finished)
    expect(await engine.service('shop')).toMatchObject({
      current: { id: 'v2' },
      rollout: undefined,
    })
  })

  test('tells its notifiers every entry, and is not disturbed by one that fails', async () => {
    const seen: string[] = []
    const good: Notifier = {
      notify: async (entry) => {
        seen.push(entry.type)
      },
    }
    const bad: Notifier = { notify: () => Promise.reject(new Error('no network')) }
    const { deploy } = setStage({ notifiers: [bad, good] })
    expect(await deploy('v1')).toBe('promoted')
    expect(seen.at(-1)).toBe('finished')
  })

  test('leaves no timer behind when a rollout has ended', async () => {
    const { deploy, clock } = setStage()
    await deploy('v1')
    await deploy('v2')
    expect(clock.sleepers).toBe(0)
  })

  test('lets go of its rollouts when it is closed, and does nothing more', async () => {
    const { engine, clock, running, deploy } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    expect(await rollout.finished).toMatchObject({ outcome: 'interrupted' })
    const before = await running()
    await clock.advance(120_000)
    expect(await running()).toEqual(before)
    expect(clock.sleepers).toBe(0)
    await expect(engine.start(request('v3'))).rejects.toMatchObject({
      code: 'CHANGEOVER_ENGINE_CLOSED',
    })
    await engine[Symbol.asyncDispose]()
  })

  test.each([
    ['no router', { router: undefined }, 'engine.router'],
    ['a fleet without stop', { fleet: { launch() {}, probe() {}, list() {} } }, 'engine.fleet'],
    ['an unknown option', { ruoter: {} }, 'engine.ruoter'],
    ['a lease that is over at once', { leaseTtl: 0 }, 'engine.leaseTtl'],
    ['a hook that is no function', { hooks: { smoke: 'curl' } }, 'engine.hooks.smoke'],
  ])('refuses %s when it is created, naming the field', (_, wrong, field) => {
    const { router, fleet, store } = setStage()
    const options = { router, fleet, store, ...wrong } as Parameters<typeof createEngine>[0]
    expect(() => createEngine(options)).toThrow(
      expect.objectContaining({
        code: 'CHANGEOVER_OPTION_INVALID',
        details: expect.objectContaining({ field }),
      }),
    )
  })

  test.each([
    ['service', { service: '../etc' }, 'start.service'],
    ['replicas', { replicas: 0 }, 'start.replicas'],
    ['release id', { release: { ...release('v1'), id: 'a/b' } }, 'start.release.id'],
    ['strategy', { strategy: {} as Strategy }, 'start.strategy'],
  ])('refuses a wrong %s before anything is started', async (_, wrong, field) => {
    const { engine, running } = setStage()
    await expect(engine.start(request('v1', wrong))).rejects.toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field },
    })
    expect(await running()).toEqual({})
    expect(await engine.history('shop')).toEqual([])
  })
})
