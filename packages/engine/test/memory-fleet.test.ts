import { type InstanceExit, memoryFleet } from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { NEW, OLD } from './plan-maker.ts'

const request = { id: 'i1', service: 'shop', release: NEW, fence: 1 }

describe('a launch', () => {
  test('starts an instance that the fleet lists from then on, for its service only', async () => {
    const fleet = memoryFleet()
    const instance = await fleet.launch(request)
    expect(instance).toStrictEqual({
      id: 'i1',
      service: 'shop',
      release: 'new',
      address: 'i1.memory:80',
    })
    expect(await fleet.list('shop')).toStrictEqual([instance])
    expect(await fleet.list('mail')).toStrictEqual([])
  })

  test('that is repeated answers with the instance that runs, and does not start it anew', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    await clock.advance(2_000)
    expect(await fleet.launch({ ...request, release: OLD })).toBe(instance)
    expect(await fleet.list('shop')).toHaveLength(1)
    expect(await fleet.probe(instance)).toStrictEqual({ ready: true })
  })

  test('of an id whose instance has ended starts one again', async () => {
    const { clock, fleet } = slowFleet()
    fleet.crash((await fleet.launch(request)).id)
    await clock.advance(2_000)
    const again = await fleet.launch(request)
    expect(await fleet.probe(again)).toMatchObject({ ready: false })
  })
})

describe('a probe', () => {
  test('says not ready until the time has come, and why', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    await clock.advance(1_999)
    expect(await fleet.probe(instance)).toStrictEqual({
      ready: false,
      reason: 'it is still starting',
    })
    await clock.advance(1)
    expect(await fleet.probe(instance)).toStrictEqual({ ready: true })
  })

  test('says of an instance that is gone that it will never be ready', async () => {
    const fleet = memoryFleet()
    const instance = await fleet.launch(request)
    await fleet.stop(instance, { deadline: 1_000 })
    expect(await fleet.probe(instance)).toMatchObject({ ready: false, exited: true })
  })

  test('never says ready of an instance that never gets ready', async () => {
    const clock = virtualClock()
    const fleet = memoryFleet({ clock, readyAfterMs: () => Infinity })
    const instance = await fleet.launch(request)
    await clock.advance(1e12)
    expect(await fleet.probe(instance)).toMatchObject({ ready: false })
  })
})

describe('a stop', () => {
  test('takes as long as the instance takes, and then it runs no more', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    const stopping = fleet.stop(instance, { deadline: 60_000 })
    await clock.advance(2_999)
    expect(await fleet.list('shop')).toHaveLength(1)
    expect(await clock.run(stopping)).toStrictEqual({ instance: 'i1', graceful: true, exitCode: 0 })
    expect(clock.now()).toBe(3_000)
    expect(await fleet.list('shop')).toStrictEqual([])
  })

  test('forces the instance at the deadline, and says so', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    const report = await clock.run(fleet.stop(instance, { deadline: 1_000 }))
    expect(report).toStrictEqual({
      instance: 'i1',
      graceful: false,
      exitCode: null,
      signal: 'SIGKILL',
    })
    expect(clock.now()).toBe(1_000)
    expect(await fleet.list('shop')).toStrictEqual([])
  })

  test('of an instance that is gone is a success at once', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    fleet.crash('i1')
    expect(await fleet.stop(instance, { deadline: 0 })).toMatchObject({ graceful: true })
    expect(clock.now()).toBe(0)
  })

  test('that is given up leaves the instance running, and no timer behind', async () => {
    const { clock, fleet } = slowFleet()
    const instance = await fleet.launch(request)
    const controller = new AbortController()
    const stopping = fleet.stop(instance, { deadline: 60_000, signal: controller.signal })
    controller.abort(new Error('given up'))
    await expect(stopping).rejects.toThrow('given up')
    expect(await fleet.list('shop')).toHaveLength(1)
    expect(clock.sleepers).toBe(0)
  })
})

describe('watching', () => {
  test('tells of instances of the service that end by themselves, and of no others', async () => {
    const fleet = memoryFleet()
    const exits: InstanceExit[] = []
    const unwatch = fleet.watch?.('shop', (exit) => exits.push(exit))
    await fleet.launch(request)
    await fleet.launch({ ...request, id: 'i2', service: 'mail' })
    const asked = await fleet.launch({ ...request, id: 'i3' })
    await fleet.launch({ ...request, id: 'i4' })
    fleet.crash('i1')
    fleet.crash('i2')
    await fleet.stop(asked, { deadline: 0 })
    unwatch?.()
    fleet.crash('i4')
    expect(exits).toMatchObject([{ instance: 'i1', service: 'shop', graceful: false, exitCode: 1 }])
  })

  test('a crash of what does not run is a mistake of the test that asks for it', () => {
    expect(() => memoryFleet().crash('ghost')).toThrow('it does not run')
  })
})

function slowFleet() {
  const clock = virtualClock()
  return { clock, fleet: memoryFleet({ clock, readyAfterMs: () => 2_000, stopAfterMs: 3_000 }) }
}
