import { expect, test } from 'vitest'
import { sweepDrawn } from './drawn-sweep.ts'

test('whatever goes wrong, alone or together, no rule is broken and the service ends on one healthy release or stays as it was', async () => {
  const ran = await sweepDrawn('faults, part 1', 1, 7_001)
  expect(ran).toBe(7_000)
}, 600_000)
