import {
  memoryRouter,
  type MetricsQuery,
  type ReleaseTraffic,
  type Router,
  routerMetrics,
  type TrafficSample,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

const errors: MetricsQuery = { service: 'shop', release: 'v2', since: 1, indicator: 'errors' }
const slow: MetricsQuery = { ...errors, indicator: 'slow', overMs: 300 }

/** A router whose counts the test sets. */
function counting(slowBounds?: readonly number[]): Router & { counts: TrafficSample } {
  const router = {
    ...memoryRouter(),
    counts: {} as TrafficSample,
    probe: async () => (slowBounds ? { slowBounds } : {}),
    traffic: async () => router.counts,
  }
  return router
}

function traffic(total: number, bad: number, over300 = 0): ReleaseTraffic {
  return { total, bad, slow: { 300: over300, 1000: 0 } }
}

test('the first question sets the base, and later ones count from there', async () => {
  const router = counting()
  const metrics = routerMetrics(router)
  router.counts = { v2: traffic(1_000, 50, 7), v1: traffic(5_000, 9) }
  expect(await metrics.sample(errors)).toStrictEqual({ data: true, bad: 0, total: 0 })
  router.counts = { v2: traffic(1_100, 53, 9), v1: traffic(9_000, 10) }
  expect(await metrics.sample(errors)).toStrictEqual({ data: true, bad: 3, total: 100 })
  expect(await metrics.sample(slow)).toStrictEqual({ data: true, bad: 2, total: 100 })
  expect(await metrics.sample({ ...errors, since: 2 })).toMatchObject({ total: 0 })
})

test('a release that nobody routed yet counts from its first request', async () => {
  const router = counting()
  const metrics = routerMetrics(router)
  expect(await metrics.sample(errors)).toMatchObject({ data: false })
  router.counts = { v2: traffic(20, 4) }
  expect(await metrics.sample(errors)).toStrictEqual({ data: true, bad: 4, total: 20 })
})

describe('a router that was restarted', () => {
  test('is told of once for each release, and counting goes on from there', async () => {
    const router = counting()
    const metrics = routerMetrics(router)
    const old = { ...errors, release: 'v1' }
    router.counts = { v2: traffic(10, 0), v1: traffic(1_000, 5) }
    await Promise.all([metrics.sample(errors), metrics.sample(old)])
    router.counts = { v2: traffic(30, 2), v1: traffic(1_500, 9) }
    await Promise.all([metrics.sample(errors), metrics.sample(old)])
    // One of both has more requests than before already; it was restarted all the same.
    router.counts = { v2: traffic(40, 3), v1: traffic(100, 1) }
    for (const query of [errors, old]) {
      expect(await metrics.sample(query)).toMatchObject({
        data: false,
        reason: expect.stringContaining('restarted'),
      })
    }
    router.counts = { v2: traffic(45, 4), v1: traffic(150, 1) }
    expect(await metrics.sample(errors)).toStrictEqual({ data: true, bad: 3, total: 25 })
    expect(await metrics.sample(old)).toStrictEqual({ data: true, bad: 4, total: 550 })
  })

  test('never makes counts fall or go below nothing', async () => {
    const step = fc.record({ total: fc.nat(50), bad: fc.nat(50), restart: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const router = counting()
        const metrics = routerMetrics(router)
        let [now, before] = [traffic(7, 3, 2), { bad: 0, total: 0 }]
        for (const { total, bad, restart } of steps) {
          const base = restart ? traffic(0, 0) : now
          const failed = Math.min(bad, total)
          now = traffic(base.total + total, base.bad + failed, (base.slow?.[300] ?? 0) + failed)
          router.counts = { v2: now }
          for (const query of [errors, slow]) {
            const samples = await metrics.sample(query)
            if (!samples.data || !('total' in samples)) continue
            expect(samples.bad).toBeLessThanOrEqual(samples.total)
            expect(samples.total).toBeGreaterThanOrEqual(before.total)
            if (query === errors) before = samples
          }
        }
      }),
    )
  })

  test('answers that overtake each other are not taken for one', async () => {
    const router = counting()
    const waiting: (() => void)[] = []
    const metrics = routerMetrics({
      ...router,
      traffic: () => {
        const counts = router.counts
        return new Promise((resolve) => waiting.push(() => resolve(counts)))
      },
    })
    router.counts = { v2: traffic(10, 0) }
    const first = metrics.sample(errors)
    router.counts = { v2: traffic(30, 1) }
    const second = metrics.sample(errors)
    waiting[1]?.()
    expect(await second).toMatchObject({ data: true })
    waiting[0]?.()
    expect(await first).toMatchObject({ data: true })
  })
})

test('a bound that the router does not count has no data', async () => {
  const router = counting()
  router.counts = { v2: traffic(10, 0) }
  expect(await routerMetrics(router).sample({ ...slow, overMs: 250 })).toMatchObject({
    data: false,
  })
})

describe('when a plan is made', () => {
  test.each([
    ['another name without a bound', { indicator: 'memory' }],
    ['the values of a gauge', { indicator: 'errors', as: 'values' }],
    ['a bound that is not counted', { indicator: 'slow', overMs: 250 }],
  ] as const)('%s is refused', async (_, indicator) => {
    await expect(routerMetrics(counting([100, 300])).check?.(indicator)).rejects.toMatchObject({
      code: 'CHANGEOVER_INDICATOR_UNKNOWN',
    })
  })

  test('a refused bound is answered with those that there are', async () => {
    const told = routerMetrics(counting([100, 300])).check?.({ indicator: 'slow', overMs: 250 })
    await expect(told).rejects.toThrow('100, 300 ms')
    const router = counting()
    router.counts = { v1: traffic(1, 0) }
    const seen = routerMetrics(router).check?.({ ...slow, overMs: 250, service: 'shop' })
    await expect(seen).rejects.toThrow('300, 1000 ms')
  })

  test.each([
    ['errors', { indicator: 'errors' }],
    ['slow requests over a bound that is counted', { indicator: 'slow', overMs: 300 }],
  ])('%s are accepted', async (_, indicator) => {
    await expect(routerMetrics(counting([100, 300])).check?.(indicator)).resolves.toBeUndefined()
  })
})

test('a router without counts is refused at once', () => {
  const { code, message } = refusalOf(() => routerMetrics({ ...memoryRouter() }))
  expect(code).toBe('CHANGEOVER_OPTION_INVALID')
  expect(message).toContain('traffic()')
})
