import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { isRunning } from '../src/process-identity.ts'
import {
  createMark,
  eventually,
  type Mark,
  printed,
  requestOf,
  temporaryDirectory,
  testFleet,
} from './fleet-under-test.ts'
import { type Owner, type OwnerOrders, reapersOf, startOwner } from './owner-under-test.ts'

async function expectNothingLeft(mark: Mark, owner: Owner): Promise<void> {
  await eventually('no reaper left', () => reapersOf(owner.pid).length === 0)
  // The reaper ends last: nothing may be left that would need more time.
  expect(mark.processes()).toEqual([])
}

describe("with orphans: 'stop', nothing outlives an owner that", () => {
  test.each<{
    title: string
    end: OwnerOrders['end']
    signal?: NodeJS.Signals
    exit: readonly [number | null, string | null]
  }>([
    { title: 'is killed', end: 'wait', signal: 'SIGKILL', exit: [null, 'SIGKILL'] },
    { title: 'gets Ctrl-C', end: 'wait', signal: 'SIGINT', exit: [null, 'SIGINT'] },
    { title: 'is told to end', end: 'wait', signal: 'SIGTERM', exit: [null, 'SIGTERM'] },
    { title: 'throws', end: 'throw', exit: [1, null] },
    { title: 'exits', end: 'exit', exit: [0, null] },
    { title: 'has nothing left to do', end: 'finish', exit: [0, null] },
    { title: 'closes its fleet', end: 'close', signal: 'SIGUSR2', exit: [0, null] },
  ])('$title', async ({ end, signal, exit }) => {
    const mark = createMark()
    const owner = await startOwner({ fleet: {}, request: requestOf('server', mark), end })
    if (signal !== undefined) owner.kill(signal)

    expect(await owner.exited).toEqual(exit)

    await expectNothingLeft(mark, owner)
  })

  test('is killed, not even an instance that ignores SIGTERM, with its child', async () => {
    const mark = createMark()
    const owner = await startOwner({
      fleet: { stopDeadline: '300ms' },
      request: requestOf('stubborn', mark),
      end: 'wait',
    })
    await eventually('both processes', () => mark.processes().length === 2)

    owner.kill('SIGKILL')

    await expectNothingLeft(mark, owner)
  })

  test('closes its fleet with an instance that ignores SIGTERM, and waits for its end', async () => {
    const mark = createMark()
    const request = requestOf('stubborn', mark)
    const fleet = { directory: temporaryDirectory(), stopDeadline: '500ms' }
    const owner = await startOwner({ fleet, request, end: 'close' })
    await eventually('both processes', () => mark.processes().length === 2)

    owner.kill('SIGUSR2')

    expect(await owner.exited).toEqual([0, null])

    expect(mark.processes()).toEqual([])
  })

  test('is killed, not even a daemon that left the group of its instance', async () => {
    const mark = createMark()
    const request = requestOf('parent', mark, { args: ['daemon'] })
    const owner = await startOwner({ fleet: {}, request, end: 'wait' })
    await eventually('both processes', () => mark.processes().length === 2)

    owner.kill('SIGKILL')

    await expectNothingLeft(mark, owner)
  })
})

describe('the reaper', () => {
  test('ignores the signals that would end it before its work is done', async () => {
    const mark = createMark()
    const request = requestOf('server', mark)
    const owner = await startOwner({ fleet: {}, request, end: 'wait' })
    const [reaper] = reapersOf(owner.pid)

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(reaper ?? 0, signal)
    owner.kill('SIGKILL')

    await expectNothingLeft(mark, owner)
  })

  test('is replaced where somebody kills it', async () => {
    const mark = createMark()
    const request = requestOf('server', mark)
    const owner = await startOwner({ fleet: {}, request, end: 'wait' })
    const [first] = reapersOf(owner.pid)

    process.kill(first ?? 0, 'SIGKILL')
    await eventually('another reaper', () => {
      const reapers = reapersOf(owner.pid)
      return reapers.length === 1 && reapers[0] !== first
    })
    owner.kill('SIGKILL')

    await expectNothingLeft(mark, owner)
  })

  test('is one for all instances of a fleet, and gone when the fleet is closed', async () => {
    const fleet = testFleet()
    const mark = createMark()
    for (const id of ['a', 'b', 'c']) await fleet.launch(requestOf('server', mark, { id }))
    expect(reapersOf(process.pid)).toHaveLength(1)

    await fleet.close()

    expect(mark.processes()).toEqual([])
    expect(reapersOf(process.pid)).toEqual([])
  })
})

describe("with orphans: 'keep'", () => {
  test('an instance serves on, and can print, after its owner was killed; the next owner adopts it', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const request = requestOf('server', mark)
    const owner = await startOwner({ fleet: { directory, orphans: 'keep' }, request, end: 'wait' })
    const [before] = mark.processes()
    owner.kill('SIGKILL')
    await owner.exited
    const fleet = testFleet({ directory, orphans: 'keep' })

    await fleet.open()

    expect(await fleet.list('shop')).toEqual([owner.instance])
    await eventually('readiness', async () => (await fleet.probe(owner.instance)).ready)
    expect(await fleet.launch(request)).toEqual(owner.instance)
    expect(mark.processes()).toEqual([before])
    expect(await fleet.stop(owner.instance, { deadline: 10_000 })).toEqual({
      instance: 'shop-1',
      graceful: true,
      output: 'listening\nstopping',
    })
    expect(mark.processes()).toEqual([])
  })

  test('the end of an adopted instance is noticed', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const request = requestOf('server', mark)
    const owner = await startOwner({ fleet: { directory, orphans: 'keep' }, request, end: 'exit' })
    await owner.exited
    const fleet = testFleet({ directory, orphans: 'keep' })
    const exits: string[] = []
    fleet.watch('shop', ({ instance }) => exits.push(instance))
    await fleet.open()

    mark.processes().forEach(({ pid }) => process.kill(pid, 'SIGKILL'))

    await eventually('the exit', () => exits.length > 0)
    expect(exits).toEqual(['shop-1'])
    expect(await fleet.list('shop')).toEqual([])
    expect(await fleet.probe(owner.instance)).toMatchObject({ ready: false, exited: true })
  })

  test('an adopted instance that ignores SIGTERM is killed at the deadline, with its child', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const request = requestOf('stubborn', mark)
    const owner = await startOwner({
      fleet: { directory, orphans: 'keep' },
      request,
      end: 'finish',
    })
    await owner.exited
    const fleet = testFleet({ directory, orphans: 'keep' })
    await fleet.open()
    await printed(fleet, 'shop-1', 'both up')

    expect(await fleet.stop(owner.instance, { deadline: 300 })).toMatchObject({ graceful: false })

    await eventually('nothing left', () => mark.processes().length === 0)
  })

  test('an owner that closes lets go of its instances, and the next one may end them', async () => {
    const directory = temporaryDirectory()
    const mark = createMark()
    const owner = testFleet({ directory, orphans: 'keep' })
    await owner.launch(requestOf('server', mark))
    await owner.close()
    const [kept] = mark.processes()
    expect(kept && isRunning(kept)).toBe(true)

    const next = testFleet({ directory, orphans: 'stop' })

    expect(await next.list('shop')).toEqual([])
    expect(mark.processes()).toEqual([])
  })
})

describe('an owner killed at any instant while it launches and stops', () => {
  const rounds = [0, 20, 90]
  const sleeper = (mark: Mark) => {
    const request = requestOf('server', mark)
    const spec = { command: ['sleep', '600'], env: { TEST_MARK: mark.value } }
    return { ...request, release: { ...request.release, spec } }
  }

  test.each(rounds)("after %d ms leaves nothing, with orphans: 'stop'", async (killAfterMs) => {
    const mark = createMark()
    const owner = await startOwner({ fleet: {}, request: sleeper(mark), end: 'churn' })
    await sleep(killAfterMs)

    owner.kill('SIGKILL')

    await expectNothingLeft(mark, owner)
  })

  test.each(rounds)("after %d ms leaves nothing unknown, with orphans: 'keep'", async (ms) => {
    const fleet = { directory: temporaryDirectory(), orphans: 'keep' } as const
    const mark = createMark()
    const owner = await startOwner({ fleet, request: sleeper(mark), end: 'churn' })
    await sleep(ms)
    owner.kill('SIGKILL')
    await owner.exited
    const next = testFleet(fleet)

    const known = await next.list('shop')

    expect(mark.processes()).toHaveLength(known.length)
    expect(known).toContainEqual(owner.instance)
    for (const instance of known) await next.stop(instance, { deadline: 5000 })
    expect(mark.processes()).toEqual([])
  })
})
