import { systemClock } from '@changeover/engine'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const LONGEST_TIMER_MS = 2 ** 31 - 1
const clock = systemClock()

test('tells milliseconds since the epoch', () => {
  const before = Date.now()
  const now = clock.now()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
})

test('sleep(0) lets everything that is under way have its turn first', async () => {
  const order: string[] = []
  setImmediate(() => order.push('immediate'))
  void Promise.resolve().then(() => order.push('promise'))
  process.nextTick(() => order.push('tick'))
  await clock.sleep(0)
  expect(order.toSorted()).toStrictEqual(['immediate', 'promise', 'tick'])
})

describe('an abort', () => {
  const reason = { why: 'any value may be a reason' }

  test.each([0, -5, 1, 60_000])(
    'before a sleep of %d ms rejects with its own reason',
    async (ms) => {
      await expect(clock.sleep(ms, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    },
  )

  test.each([0, 60_000, LONGEST_TIMER_MS * 3])(
    'during a sleep of %d ms rejects with its own reason',
    async (ms) => {
      const controller = new AbortController()
      const sleeping = clock.sleep(ms, { signal: controller.signal })
      controller.abort(reason)
      await expect(sleeping).rejects.toBe(reason)
    },
  )
})

describe('with timers that the test moves', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('a sleep ends when its time has passed, and not before', async () => {
    const { awake } = watch(clock.sleep(1_000))
    await vi.advanceTimersByTimeAsync(999)
    expect(awake()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(awake()).toBe(true)
  })

  test('a sleep longer than any timer is a chain of timers', async () => {
    const delays = vi.spyOn(globalThis, 'setTimeout')
    const { awake } = watch(clock.sleep(LONGEST_TIMER_MS * 2 + 500))
    await vi.advanceTimersByTimeAsync(LONGEST_TIMER_MS * 2)
    expect(awake()).toBe(false)
    await vi.advanceTimersByTimeAsync(499)
    expect(awake()).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(awake()).toBe(true)
    expect(delays.mock.calls.map(([, ms]) => ms)).toStrictEqual([
      LONGEST_TIMER_MS,
      LONGEST_TIMER_MS,
      500,
    ])
  })

  test('an endless sleep ends with its signal only', async () => {
    const controller = new AbortController()
    const { awake, ended } = watch(clock.sleep(Infinity, { signal: controller.signal }))
    await vi.advanceTimersByTimeAsync(LONGEST_TIMER_MS * 4)
    expect(awake()).toBe(false)
    controller.abort()
    await ended
    expect(vi.getTimerCount()).toBe(0)
  })

  test('no timer is left behind by sleeps that ended or were aborted', async () => {
    const controller = new AbortController()
    const sleeps = [clock.sleep(10), clock.sleep(5_000, { signal: controller.signal })].map(watch)
    await vi.advanceTimersByTimeAsync(10)
    controller.abort()
    await Promise.all(sleeps.map(({ ended }) => ended))
    expect(vi.getTimerCount()).toBe(0)
  })
})

function watch(sleeping: Promise<void>): { awake: () => boolean; ended: Promise<void> } {
  let awake = false
  const wake = (): void => {
    awake = true
  }
  return { awake: () => awake, ended: sleeping.then(wake, wake) }
}
