import { approve, canary, weight } from '@changeover/engine'
import { simulate } from '@changeover/testing'
import { expect, test } from 'vitest'

test('a rollout that an engine leads on after it woke up is watched to its end, however long that takes', async () => {
  const strategy = canary({ steps: [weight(10), approve('go')] })
  const { outcome, violations } = await simulate({
    strategy,
    replicas: 3,
    world: { approvals: '6h' },
    // It wakes up before any other one asks for its lease.
    faults: { stall: { atPoint: 9, for: '50s' } },
  })
  expect({ outcome, violations }).toEqual({ outcome: 'promoted', violations: [] })
})
