import {
  boundRate,
  canary,
  compareRates,
  compareSamples,
  judge,
  type Metrics,
  weight,
} from '@changeover/engine'
import { expect, test } from 'vitest'
import { checkIndicators } from '../src/check-indicators.ts'
import { planFor } from './strategy-maker.ts'

const indicators = {
  errors: boundRate({ limit: 0.01 }),
  slow: compareRates({ over: '300ms' }),
  memory: compareSamples({ alpha: 0.05, tolerance: 0.1 }),
}
const plan = planFor(canary({ steps: [weight(5), judge(indicators)] }))
const mute: Metrics = {
  name: 'mute',
  sample: () => Promise.resolve({ data: false, reason: 'a test' }),
}

test('the metrics port is asked about every indicator as the judge will ask for it', async () => {
  const asked: unknown[] = []
  const check = (indicator: unknown) => {
    asked.push(indicator)
    return Promise.resolve()
  }
  await checkIndicators(plan, { ...mute, check })
  expect(asked).toStrictEqual([
    { indicator: 'errors', service: 'shop' },
    { indicator: 'slow', overMs: 300, service: 'shop' },
    { indicator: 'memory', as: 'values', service: 'shop' },
  ])
})

test('one that it does not know refuses the plan, and a port that cannot tell refuses nothing', async () => {
  const check = () => Promise.reject(new Error('unknown indicator'))
  await expect(checkIndicators(plan, { ...mute, check })).rejects.toThrow('unknown indicator')
  await expect(checkIndicators(plan, mute)).resolves.toBeUndefined()
})
