import { rolling } from '@changeover/engine'
import { simulate } from '@changeover/testing'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const world = { readyAfter: '2s', stopAfter: '1s', convergeAfter: '3s', drainAfter: '5s' } as const

describe('an engine that crashes', () => {
  test.each([
    ['forward', world, 'promoted'],
    ['back', { ...world, readyAfter: 'never' }, 'rolled-back'],
  ] as const)(
    'at any entry of a rollout that leads %s is followed by one that ends it alike, without breaking a rule',
    async (_, outside, outcome) => {
      const options = { strategy: rolling({ minReady: '1s' }), replicas: 3, world: outside }
      const undisturbed = await simulate(options)
      expect(undisturbed.outcome).toBe(outcome)
      for (let seq = 1; seq < undisturbed.entries; seq += 1) {
        const run = await simulate({ ...options, faults: { crashAt: [seq] } })
        const { violations, code } = run
        expect({ seq, outcome: run.outcome, violations, code }).toEqual({
          seq,
          outcome,
          violations: [],
          code: undisturbed.code,
        })
        expect(run.trace.at(-1)).toMatchObject(
          outcome === 'promoted' ? { old: 0, new: 3 } : { old: 3, new: 0 },
        )
      }
    },
  )

  test('at any entry of a rollout that loses its new release is followed by one that takes the service back', async () => {
    const faults = { dies: [{ at: '2m', release: 'new' }] } as const
    const outside = { ...world, drainAfter: '10m' }
    const strategy = rolling({ maxSurge: 1, maxUnavailable: 0, drain: { deadline: '20m' } })
    const options = { strategy, replicas: 2, world: outside }
    const undisturbed = await simulate({ ...options, faults })
    expect(undisturbed).toMatchObject({ outcome: 'rolled-back', violations: [] })
    for (let seq = 1; seq < undisturbed.entries; seq += 1) {
      const run = await simulate({ ...options, faults: { ...faults, crashAt: [seq] } })
      const { outcome, violations } = run
      expect({ seq, outcome, violations }).toEqual({ seq, outcome: 'rolled-back', violations: [] })
    }
  })

  test('twice, at any two entries, still ends on one release', async () => {
    const crash = fc.integer({ min: 1, max: 60 })
    await fc.assert(
      fc.asyncProperty(crash, crash, fc.integer({ min: 1, max: 5 }), async (a, b, replicas) => {
        const run = await simulate({
          strategy: rolling(),
          replicas,
          world,
          faults: { crashAt: [Math.min(a, b), Math.max(a, b)] },
        })
        expect(run.violations).toEqual([])
        expect(run.outcome).toBe('promoted')
      }),
      { numRuns: 200 },
    )
  })

  test('any number of times, in any world and with any window, ends on one healthy release', async () => {
    const seconds = fc.integer({ min: 0, max: 20 }).map((count) => `${count}s`)
    const windows = fc
      .record({ maxSurge: fc.nat(4), maxUnavailable: fc.nat(3), minReady: seconds })
      .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0)
    const worlds = fc.record({
      readyAfter: fc.oneof(seconds, fc.constant('never' as const)),
      stopAfter: seconds,
      convergeAfter: seconds,
      drainAfter: seconds,
    })
    const crashes = fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        windows,
        worlds,
        crashes,
        fc.integer({ min: 4, max: 7 }),
        async (...drawn) => {
          const [window, outside, entries, replicas] = drawn
          const run = await simulate({
            strategy: rolling({ ...window, readyWithin: '10m' }),
            replicas,
            world: outside,
            faults: { crashAt: entries.toSorted((a, b) => a - b) },
          })
          const healthy = outside.readyAfter !== 'never'
          const end = healthy ? { old: 0, new: replicas } : { old: replicas, new: 0 }
          expect(run.violations).toEqual([])
          expect(run.outcome).toBe(healthy ? 'promoted' : 'rolled-back')
          expect(run.trace.at(-1)).toMatchObject(end)
        },
      ),
      { numRuns: 1000 },
    )
  }, 120_000)
})
