import { approve, bake, canary, weight } from '@changeover/engine'
import { simulate, type World } from '@changeover/testing'
import { expect, test } from 'vitest'

const strategy = canary({ minReady: '1s', steps: [weight(10), bake('1m'), approve('go')] })

/** Points of the first engine, from before the rollout is journaled to its first launches. */
const POINTS = Array.from({ length: 24 }, (_, i) => i + 1)

test('people who pause and resume a rollout reach whoever leads it, although an earlier engine wakes up later', async () => {
  const world: World = {
    commands: [
      { at: '20s', command: 'pause' },
      { at: '5m', command: 'resume' },
    ],
  }
  for (const atPoint of POINTS) {
    const faults = { stall: { atPoint, for: '2m' } }
    const { outcome, violations, journal } = await simulate({
      strategy,
      replicas: 3,
      world,
      faults,
    })
    const asked = journal.flatMap((entry) => (entry.type === 'commanded' ? [entry.command] : []))
    expect({ atPoint, outcome, violations, asked }).toEqual({
      atPoint,
      outcome: 'promoted',
      violations: [],
      asked: ['pause', 'resume', 'approve'],
    })
  }
})
