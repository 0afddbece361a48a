import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createMark, eventually, printed, requestOf, testFleet } from './fleet-under-test.ts'

describe('probe', () => {
  test('tells status, the beginning of the body, and the last output of one that is not ready', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('unready', createMark()))
    await printed(fleet, 'shop-1', 'waiting')

    expect(await fleet.probe(instance)).toEqual({
      ready: false,
      reason: `answered 503: no database${'!'.repeat(189)}`,
      output: 'waiting for the database',
    })
  })

  test('asks the path of the release, and waits no longer than the release says', async () => {
    const fleet = testFleet()
    const readiness = { path: '/hang', timeoutMs: 200 }
    const instance = await fleet.launch(requestOf('unready', createMark(), { readiness }))
    await printed(fleet, 'shop-1', 'waiting')

    expect((await fleet.probe(instance)).reason).toBe('no answer within 200 ms')
  })

  test('names the error of a connection that nobody takes', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('stubborn', createMark()))

    expect((await fleet.probe(instance)).reason).toMatch(/ECONNREFUSED 127\.0\.0\.1:\d+/)
    await fleet.stop(instance, { deadline: 0 })
  })

  test('tells that an instance has ended, how, and what it printed last', async () => {
    const fleet = testFleet()
    const instance = await fleet.launch(requestOf('crash', createMark()))

    const readiness = await eventually('the end', async () => {
      const seen = await fleet.probe(instance)
      return seen.exited === true && seen
    })

    expect(readiness).toEqual({
      ready: false,
      exited: true,
      reason: 'exited with code 3',
      output: expect.stringMatching(/connecting|fatal: no configuration/) as string,
    })
    expect(readiness.output?.split('\n').sort()).toEqual(['connecting', 'fatal: no configuration'])
  })

  test('tells of the end, not of the broken connection, of one that ends meanwhile', async () => {
    const fleet = testFleet()
    const mark = createMark()
    const readiness = { path: '/hang', timeoutMs: 20_000 }
    const instance = await fleet.launch(requestOf('unready', mark, { readiness }))
    await eventually('an answer', () => fetch(`http://${instance.address}`).catch(() => undefined))

    const probing = fleet.probe(instance)
    await sleep(50)
    mark.processes().forEach(({ pid }) => process.kill(pid, 'SIGKILL'))

    expect(await probing).toMatchObject({ exited: true, reason: 'was ended by SIGKILL' })
  })

  test('tells that one nobody has heard of does not run', async () => {
    const unknown = { id: 'other', service: 'shop', release: 'r1', address: '127.0.0.1:1' }

    expect(await testFleet().probe(unknown)).toMatchObject({ ready: false, exited: true })
  })

  test('rejects with the reason of its aborted signal', async () => {
    const fleet = testFleet()
    const readiness = { path: '/hang', timeoutMs: 20_000 }
    const instance = await fleet.launch(requestOf('unready', createMark(), { readiness }))
    await eventually('an answer', () => fetch(`http://${instance.address}`).catch(() => undefined))
    const controller = new AbortController()

    const probing = fleet.probe(instance, { signal: controller.signal })
    controller.abort(new Error('rolled back'))

    await expect(probing).rejects.toThrow('rolled back')
  })
})
