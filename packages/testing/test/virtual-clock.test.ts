import { ChangeoverError } from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

describe('a sleep', () => {
  test('takes no real time: years pass at once', async () => {
    const clock = virtualClock(1_000)
    const year = 365 * 86_400_000
    await clock.run(clock.sleep(100 * year))
    expect(clock.now()).toBe(1_000 + 100 * year)
  })

  test('ends at its own time, those of the same time in the order in which they began', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }), async (spans) => {
        const clock = virtualClock()
        const woken: [at: number, n: number][] = []
        const sleeps = spans.map(async (ms, n) => {
          await clock.sleep(ms)
          woken.push([clock.now(), n])
        })
        await clock.run(Promise.all(sleeps))
        const expected = spans.map((ms, n): [number, number] => [ms, n])
        expect(woken).toStrictEqual(expected.toSorted(([a, n], [b, m]) => a - b || n - m))
        expect(clock.sleepers).toBe(0)
      }),
    )
  })

  test('for no time lets everything else at this instant have its turn first', async () => {
    const clock = virtualClock()
    const order: string[] = []
    const note = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms)
      order.push(name)
    }
    const last = clock.sleep(5).then(() => note('last', 0))
    const others = [note('a', 5), note('b', 5), clock.sleep(2).then(() => note('c', 3))]
    await clock.run(Promise.all([last, ...others]))
    expect(order).toStrictEqual(['a', 'b', 'c', 'last'])
    expect(clock.now()).toBe(5)
  })

  test('for less than no time does not turn time back', async () => {
    const clock = virtualClock(50)
    await clock.run(clock.sleep(-20))
    expect(clock.now()).toBe(50)
  })

  test('rejects with the reason of its signal, before and during, and is forgotten', async () => {
    const clock = virtualClock()
    const reason = { why: 'given up' }
    const before = clock.sleep(5, { signal: AbortSignal.abort(reason) })
    await expect(before).rejects.toBe(reason)
    const controller = new AbortController()
    const during = clock.sleep(5, { signal: controller.signal })
    const endless = clock.sleep(Infinity, { signal: controller.signal })
    expect(clock.sleepers).toBe(2)
    controller.abort(reason)
    await expect(during).rejects.toBe(reason)
    await expect(endless).rejects.toBe(reason)
    expect(clock.sleepers).toBe(0)
    await clock.advance(10)
    expect(clock.now()).toBe(10)
  })

  test('that has ended is not touched by an abort that comes later', async () => {
    const clock = virtualClock()
    const controller = new AbortController()
    const sleeping = clock.sleep(5, { signal: controller.signal })
    await clock.run(sleeping)
    controller.abort()
    expect(clock.sleepers).toBe(0)
    await expect(sleeping).resolves.toBeUndefined()
  })
})

describe('letting time pass', () => {
  test('wakes who is due by then, also those who fall asleep on the way, and nobody else', async () => {
    const clock = virtualClock()
    const ticks: number[] = []
    const ticking = (async () => {
      for (;;) {
        await clock.sleep(10)
        ticks.push(clock.now())
      }
    })()
    await clock.advance(35)
    expect([clock.now(), ticks]).toStrictEqual([35, [10, 20, 30]])
    await clock.advance(4)
    expect(ticks).toHaveLength(3)
    await clock.advance(1)
    expect([clock.now(), ticks]).toStrictEqual([40, [10, 20, 30, 40]])
    expect(clock.sleepers).toBe(1)
    expect(ticking).toBeInstanceOf(Promise)
  })

  test('while nobody sleeps just moves the time', async () => {
    const clock = virtualClock()
    await clock.advance(7)
    await clock.advance(0)
    expect(clock.now()).toBe(7)
  })
})

describe('a run', () => {
  test('settles as its goal does, and lets no time pass after that', async () => {
    const clock = virtualClock()
    const later = clock.sleep(1_000)
    const failure = new Error('missed')
    const goal = clock.sleep(10).then(() => Promise.reject(failure))
    await expect(clock.run(goal)).rejects.toBe(failure)
    expect(await clock.run(clock.sleep(5).then(() => 'reached'))).toBe('reached')
    expect([clock.now(), clock.sleepers]).toStrictEqual([15, 1])
    await clock.run(later)
    expect(clock.now()).toBe(1_000)
  })

  test('that waits for nothing is stopped instead of hanging, with what to look for', async () => {
    const clock = virtualClock()
    const stuck = clock.run(new Promise(() => undefined))
    await expect(stuck).rejects.toBeInstanceOf(ChangeoverError)
    await expect(stuck).rejects.toMatchObject({
      code: 'CHANGEOVER_CLOCK_STUCK',
      message: expect.stringContaining('never resolved'),
    })
  })

  test('goes the same way every time', async () => {
    const trace = async (): Promise<string[]> => {
      const clock = virtualClock()
      const seen: string[] = []
      const worker = async (name: string, spans: readonly number[]): Promise<void> => {
        for (const ms of spans) {
          await clock.sleep(ms)
          seen.push(`${name}@${clock.now()}`)
        }
      }
      await clock.run(
        Promise.all([worker('a', [3, 0, 4]), worker('b', [3, 4, 0]), worker('c', [7])]),
      )
      return seen
    }
    const first = await trace()
    expect(first).toHaveLength(7)
    expect(await trace()).toStrictEqual(first)
  })
})
