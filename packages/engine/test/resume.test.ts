import { memoryRouter } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { request, setStage } from './stage.ts'

describe('engine.resume', () => {
  test('goes on with a rollout that a closed engine let go of', async () => {
    const { deploy, engine, another, clock, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(1_200)
    await clock.run(engine.close())
    const [resumed] = await clock.run(another().resume())
    expect(resumed?.id).toBe(rollout.id)
    expect(await clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual({ v2: 3 })
  })

  test('leaves a rollout to the engine that leads it', async () => {
    const { engine, another, clock } = setStage()
    const rollout = await clock.run(engine.start(request('v1')))
    expect(await clock.run(another().resume())).toEqual([])
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('answers with the rollouts that it leads already', async () => {
    const { engine, clock } = setStage()
    const rollout = await clock.run(engine.start(request('v1')))
    const [same] = await clock.run(engine.resume())
    expect(same?.id).toBe(rollout.id)
    await clock.run(rollout.finished)
    expect(await clock.run(engine.resume())).toEqual([])
  })

  test('notices instances that ended while nobody looked', async () => {
    const { deploy, engine, another, clock, fleet, running } = setStage()
    await deploy('v1')
    await clock.run(engine.start(request('v2')))
    await clock.advance(1_200)
    await clock.run(engine.close())
    for (const { id, release } of await fleet.list('shop')) if (release === 'v1') fleet.crash(id)
    const [resumed] = await clock.run(another().resume())
    expect(await clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual({ v2: 3 })
  })

  test('goes on where an aborted rollout was on its way back', async () => {
    const { deploy, engine, another, clock, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(1_200)
    await clock.run(rollout.abort({ by: 'ada' }))
    await clock.run(engine.close())
    const [resumed] = await clock.run(another().resume())
    expect(await clock.run(resumed!.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await running()).toEqual({ v1: 3 })
  })

  test('puts a router right that forgot its routes meanwhile', async () => {
    const { deploy, engine, clock, another } = setStage()
    await deploy('v1')
    await clock.run(engine.start(request('v2')))
    await clock.advance(1_200)
    await clock.run(engine.close())
    const router = memoryRouter({ clock })
    const forgetful = another({ router })
    const [resumed] = await clock.run(forgetful.resume())
    expect(await clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    const { table } = await router.observe('shop')
    expect(table?.pools).toMatchObject([{ release: 'v2', weight: 10_000 }])
  })

  test('puts the current release back in front of the traffic where a new router knows nothing', async () => {
    const { deploy, engine, another, clock } = setStage()
    await deploy('v1')
    await clock.run(engine.close())
    const router = memoryRouter({ clock })
    expect(await clock.run(another({ router }).resume())).toEqual([])
    const { table, converged } = await router.observe('shop')
    expect(converged).toBe(true)
    expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
    expect(table?.pools[0]?.instances).toHaveLength(3)
  })

  test('leaves routes alone that the router remembers', async () => {
    const { deploy, engine, another, clock, router } = setStage()
    await deploy('v1')
    const before = (await router.observe('shop')).revision
    await clock.run(engine.close())
    await clock.run(another().resume())
    expect((await router.observe('shop')).revision).toBe(before)
  })

  test('breaks off its wait when the engine is closed, and leads nothing any more', async () => {
    const { engine, another, clock, store, deploy } = setStage()
    await deploy('v1')
    await clock.run(engine.start(request('v2')))
    await clock.run(engine.close())
    await store.lease('shop', 'a dead engine', 15_000)
    const second = another()
    const resuming = second.resume().catch((error: unknown) => error)
    await clock.advance(1_000)
    await clock.run(second.close())
    expect(await resuming).toMatchObject({ code: 'CHANGEOVER_ENGINE_CLOSED' })
    expect(clock.sleepers).toBe(0)
  })

  test('waits for the lease of an engine that died, as long as it is told', async () => {
    const { engine, another, clock, store, deploy } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    await store.lease('shop', 'a dead engine', 15_000)
    expect(await clock.run(another().resume({ wait: 0 }))).toEqual([])
    const [resumed] = await clock.run(another().resume())
    expect(resumed?.id).toBe(rollout.id)
    await clock.run(resumed!.finished)
  })

  test('leaves nothing under way that close() does not know of, when a router cannot be reached', async () => {
    const { deploy, engine, another, clock, router } = setStage()
    await deploy('v1', { service: 'blog' })
    await deploy('v1')
    await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    const observe = (service: string): ReturnType<typeof router.observe> =>
      service === 'blog' ? Promise.reject(new Error('unreachable')) : router.observe(service)
    const second = another({ router: { ...router, observe } })
    const answer = await clock.run(second.resume().catch((error: unknown) => error))
    expect(answer).toMatchObject({ message: 'unreachable' })
    await clock.run(second.close())
    await clock.advance(100)
    expect(clock.sleepers).toBe(0)
  })
})
