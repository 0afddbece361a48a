import { rolling } from '@changeover/engine'
import { simulate, type SimulationOptions } from '@changeover/testing'
import { describe, expect, test } from 'vitest'

const counts = (run: { trace: readonly { old: number; new: number }[] }): [number, number][] =>
  run.trace.map((point) => [point.old, point.new])

describe('a simulated rolling update', () => {
  test.each([
    [
      10,
      '25%',
      '25%',
      [
        [10, 0],
        [10, 3],
        [5, 3],
        [5, 8],
        [0, 8],
        [0, 10],
      ],
    ],
    [
      5,
      2,
      1,
      [
        [5, 0],
        [5, 2],
        [2, 2],
        [2, 5],
        [0, 5],
      ],
    ],
  ])(
    'of %i replicas with surge %s and unavailable %s goes through the counts that users know',
    async (replicas, maxSurge, maxUnavailable, expected) => {
      const strategy = rolling({ maxSurge, maxUnavailable })
      const run = await simulate({ strategy, replicas, world: { readyAfter: 0 } })
      expect(run.outcome).toBe('promoted')
      expect(run.violations).toEqual([])
      expect(counts(run)).toEqual(expected)
    },
  )

  test.each([
    [10, '25%', '25%', [8, 5]],
    [10, 1, 0, [10, 1]],
  ])(
    'of %i replicas with surge %s and unavailable %s whose release never gets ready parks, and goes back',
    async (replicas, maxSurge, maxUnavailable, parked) => {
      const strategy = rolling({ maxSurge, maxUnavailable })
      const run = await simulate({ strategy, replicas, world: { readyAfter: 'never' } })
      expect(run.outcome).toBe('rolled-back')
      expect(run.code).toBe('CHANGEOVER_NOT_READY')
      expect(run.violations).toEqual([])
      expect(counts(run)).toContainEqual(parked)
      expect(counts(run).at(-1)).toEqual([replicas, 0])
    },
  )
})

test.each([
  ['a misspelt part of the world', { world: { readyAfer: '2s' } }, 'simulate.world.readyAfer'],
  ['no replicas', { replicas: 0 }, 'simulate.replicas'],
  ['a strategy that is none', { strategy: {} }, 'simulate.strategy'],
  ['a crash before the first entry', { faults: { crashAt: [0] } }, 'simulate.faults.crashAt.0'],
])('a simulation of %s is refused before it begins', async (_, wrong, field) => {
  const options = { strategy: rolling(), replicas: 3, ...wrong } as SimulationOptions
  await expect(simulate(options)).rejects.toMatchObject({
    code: 'CHANGEOVER_OPTION_INVALID',
    details: { field },
  })
})
