import { simulate, type World } from '@changeover/testing'
import { describe, expect, test } from 'vitest'
import { strategies } from './simulated-strategies.ts'

const world: World = {
  readyAfter: '2s',
  stopAfter: '5s',
  convergeAfter: '10s',
  drainAfter: '45s',
  hooks: { smoke: 'succeed' },
  commands: [{ at: '40s', command: 'abort' }],
}

describe.each(strategies)('on the way back of $name', (strategy) => {
  test('a router that restarts and forgets, at whatever second, is given its table again', async () => {
    for (let second = 40; second < 130; second += 3) {
      const faults = { forgets: [`${second}s`, `${second + 7}s`] }
      const { outcome, violations } = await simulate({ strategy, replicas: 2, world, faults })
      expect({ second, outcome, violations }).toEqual({
        second,
        outcome: 'rolled-back',
        violations: [],
      })
    }
  })

  test('a router that somebody else changes, at whatever second, is put right', async () => {
    for (let second = 40; second < 130; second += 5) {
      const faults = { drift: [`${second}s`] }
      const { outcome, violations } = await simulate({ strategy, replicas: 2, world, faults })
      expect({ second, outcome, violations }).toEqual({
        second,
        outcome: 'rolled-back',
        violations: [],
      })
    }
  })

  test('a router that says too early that it has converged is waited for', async () => {
    const faults = { lies: true }
    const { outcome, violations } = await simulate({ strategy, replicas: 3, world, faults })
    expect({ outcome, violations }).toEqual({ outcome: 'rolled-back', violations: [] })
  })
})

test('a router that says too early that it has converged is waited for on the way forward too', async () => {
  for (const strategy of strategies) {
    const options = { strategy, replicas: 3, world: { ...world, commands: [] } }
    const run = await simulate({
      ...options,
      world: { ...options.world, requestsPerSecond: 2_000 },
      faults: { lies: true },
    })
    expect(run).toMatchObject({ outcome: 'promoted', violations: [] })
  }
})
