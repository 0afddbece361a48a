import { memoryRouter, type Store } from '@changeover/engine'
import { pino } from 'pino'
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

  test('goes on with every other service while the router does not know of one, and tells the log', async () => {
    const lines: string[] = []
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
    const { deploy, engine, another, clock, router } = setStage()
    await deploy('v1', { service: 'blog' })
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    const observe = (service: string): ReturnType<typeof router.observe> =>
      service === 'blog' ? Promise.reject(new Error('unreachable')) : router.observe(service)
    const second = another({ router: { ...router, observe }, logger })
    const resumed = await clock.run(second.resume())
    expect(resumed.map(({ id }) => id)).toEqual([rollout.id])
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { service: 'blog', err: { message: 'unreachable' } },
    ])
    await clock.run(second.close())
    await clock.advance(100)
    expect(clock.sleepers).toBe(0)
  })

  test('waits for no router that never answers', async () => {
    const { deploy, engine, another, clock, router } = setStage()
    await deploy('v1', { service: 'blog' })
    await deploy('v1')
    await clock.run(engine.close())
    const fresh = memoryRouter({ clock })
    const observe = (service: string): ReturnType<typeof router.observe> =>
      service === 'blog' ? new Promise(() => undefined) : fresh.observe(service)
    await clock.run(another({ router: { ...fresh, observe } }).resume())
    const { table } = await fresh.observe('shop')
    expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
    expect(clock.sleepers).toBe(0)
  })

  test('goes on with every other rollout while the journal of one is damaged, and lets others lead its service', async () => {
    const { deploy, engine, another, clock, store } = setStage()
    await deploy('v1', { service: 'blog' })
    await deploy('v1')
    const blog = await clock.run(engine.start(request('v2', { service: 'blog' })))
    const shop = await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    const read = (id: string): ReturnType<Store['read']> => {
      if (id === blog.id) throw new Error('damaged')
      return store.read(id)
    }
    const second = another({ store: { ...store, read }, holder: 'second' })
    const resumed = await clock.run(second.resume())
    expect(resumed.map(({ id }) => id)).toEqual([shop.id])
    const [other] = await clock.run(another({ holder: 'third' }).resume({ wait: 0 }))
    expect(other?.id).toBe(blog.id)
    await clock.run(other!.finished)
    await clock.run(second.close())
  })

  test('called again and again while rollouts start and end, never leads one twice nor takes its lease away', async () => {
    const { engine, clock, entries } = setStage()
    const over = new AbortController()
    const again = (async () => {
      while (!over.signal.aborted) {
        await engine.resume({ wait: 0 })
        await clock.sleep(7)
      }
    })()
    for (const id of ['v1', 'v2', 'v3', 'v4']) {
      const rollout = await clock.run(engine.start(request(id)))
      const { outcome } = await clock.run(rollout.finished)
      const all = await entries(rollout.id)
      expect({ outcome, led: all.filter(({ type }) => type === 'led').length }).toEqual({
        outcome: 'promoted',
        led: 1,
      })
    }
    over.abort()
    await clock.run(again)
  })

  test('called twice at once, takes a rollout over once', async () => {
    const { deploy, engine, another, clock, entries } = setStage()
    await deploy('v1')
    const { id } = await clock.run(engine.start(request('v2')))
    await clock.advance(500)
    await clock.run(engine.close())
    const second = another()
    await clock.run(Promise.all([second.resume(), second.resume()]))
    await clock.run((await second.rollout(id)).finished)
    expect((await entries(id)).filter(({ type }) => type === 'led')).toHaveLength(2)
  })
})
