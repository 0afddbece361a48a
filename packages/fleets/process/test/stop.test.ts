import { describe, expect, test } from 'vitest'
import {
  createMark,
  eventually,
  printed,
  requestOf,
  temporaryDirectory,
  testFleet,
} from './fleet-under-test.ts'

describe.each(['memory', 'files'])('stop, with output kept in %s', (kept) => {
  const createFleet = () => testFleet(kept === 'files' ? { directory: temporaryDirectory() } : {})

  test('lets an instance end by itself, and reports its exit code and last words', async () => {
    const fleet = createFleet()
    const instance = await fleet.launch(requestOf('server', createMark()))
    await eventually('readiness', async () => (await fleet.probe(instance)).ready)

    expect(await fleet.stop(instance, { deadline: 10_000 })).toEqual({
      instance: 'shop-1',
      graceful: true,
      exitCode: 0,
      signal: null,
      output: 'listening\nstopping',
    })
    expect(await fleet.list('shop')).toEqual([])
  })

  test('kills one that does not stop, with its child, at the deadline', async () => {
    const fleet = createFleet()
    const mark = createMark()
    const instance = await fleet.launch(requestOf('stubborn', mark))
    await printed(fleet, 'shop-1', 'both up')
    expect(mark.processes()).toHaveLength(2)

    const report = await fleet.stop(instance, { deadline: 300 })

    expect(report).toMatchObject({ graceful: false, exitCode: null, signal: 'SIGKILL' })
    expect(report.output).toBe('both up\nno')
    await eventually('nothing left', () => mark.processes().length === 0)
  })

  test('leaves no child of an instance that ended well', async () => {
    const fleet = createFleet()
    const mark = createMark()
    const instance = await fleet.launch(requestOf('parent', mark))
    await printed(fleet, 'shop-1', 'both up')
    expect(mark.processes()).toHaveLength(2)

    expect(await fleet.stop(instance, { deadline: 10_000 })).toMatchObject({ graceful: true })
    await eventually('nothing left', () => mark.processes().length === 0)
  })

  test('is a success for an instance that is gone, and tells how it ended', async () => {
    const fleet = createFleet()
    const instance = await fleet.launch(requestOf('crash', createMark()))
    await eventually('the end', async () => (await fleet.probe(instance)).exited)

    const report = await fleet.stop(instance, { deadline: 1000 })

    expect(report).toMatchObject({ graceful: true, exitCode: 3, signal: null })
    expect(report.output).toContain('fatal: no configuration')
    expect(await fleet.stop(instance, { deadline: 1000 })).toEqual(report)
  })
})

describe('stop', () => {
  test('is a success for an instance that nobody has heard of', async () => {
    const unknown = { id: 'other', service: 'shop', release: 'r1', address: '127.0.0.1:1' }

    expect(await testFleet().stop(unknown, { deadline: 1000 })).toMatchObject({
      instance: 'other',
      graceful: true,
    })
  })

  test('called twice at the same time sends one signal, and the shorter deadline holds', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('stubborn', createMark()))
    await printed(fleet, 'shop-1', 'both up')

    const patient = fleet.stop(instance, { deadline: 600_000 })
    await printed(fleet, 'shop-1', 'no')
    const report = await fleet.stop(instance, { deadline: 300 })

    expect(await patient).toEqual(report)
    expect(report).toMatchObject({ graceful: false, output: 'both up\nno' })
  })

  test('goes on where its caller no longer waits', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const instance = await fleet.launch(requestOf('stubborn', mark))
    await printed(fleet, 'shop-1', 'both up')
    const controller = new AbortController()

    const stopping = fleet.stop(instance, { deadline: 2000, signal: controller.signal })
    await printed(fleet, 'shop-1', 'no')
    controller.abort(new Error('cannot wait'))

    await expect(stopping).rejects.toThrow('cannot wait')
    await eventually('nothing left', () => mark.processes().length === 0)
  })

  test('sends nothing where its signal was aborted before', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('stubborn', createMark()))
    await printed(fleet, 'shop-1', 'both up')
    const signal = AbortSignal.abort(new Error('changed my mind'))

    await expect(fleet.stop(instance, { deadline: 0, signal })).rejects.toThrow('changed my mind')

    expect(await fleet.list('shop')).toHaveLength(1)
    expect((await fleet.probe(instance)).output).toBe('both up')
    await fleet.stop(instance, { deadline: 0 })
  })

  test('sends the signal that the fleet was told to', async () => {
    const fleet = testFleet({ stopSignal: 'SIGINT' })
    const instance = await fleet.launch(requestOf('stubborn', createMark()))
    await printed(fleet, 'shop-1', 'both up')

    expect(await fleet.stop(instance, { deadline: 10_000 })).toMatchObject({
      graceful: true,
      signal: 'SIGINT',
      output: 'both up',
    })
  })
})
