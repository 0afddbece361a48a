import {
  approve,
  bake,
  blueGreen,
  boundRate,
  canary,
  compareRates,
  hook,
  judge,
  mirror,
  type Release,
  rolling,
  route,
  type Strategy,
  type StrategyContext,
  weight,
} from '@changeover/engine'
import { describe, expect, it } from 'vitest'
import type { Problem } from '../../src/config/problem.ts'
import { readStrategy } from '../../src/config/read-strategy.ts'

const release = (id: string): Release => ({ id, version: id, spec: {} })
const context: StrategyContext = {
  service: 'shop',
  from: release('1'),
  to: release('2'),
  replicas: 10,
  running: 10,
} as unknown as StrategyContext

function read(value: unknown): { strategy: Strategy | undefined; problems: readonly string[] } {
  const problems: Problem[] = []
  const strategy = readStrategy(value, ['strategy'], (problem) => void problems.push(problem))
  return { strategy, problems: problems.map(({ path }) => path.join('.')) }
}

describe('A strategy as data', () => {
  const judged = {
    errors: { compareRates: { tolerance: 1.25 } },
    slow: { boundRate: { limit: 0.01, over: '300ms' } },
  }
  const criteria = {
    errors: compareRates({ tolerance: 1.25 }),
    slow: boundRate({ limit: 0.01, over: '300ms' }),
  }

  it.each<[string, unknown, Strategy]>([
    ['nothing', undefined, rolling()],
    [
      'rolling',
      { rolling: { maxSurge: 1, minReady: '1s' } },
      rolling({ maxSurge: 1, minReady: '1s' }),
    ],
    [
      'rolling with gates',
      { rolling: { gates: [{ bake: '1m' }, { hook: 'smoke' }] } },
      rolling({ gates: [bake('1m'), hook('smoke')] }),
    ],
    [
      'canary',
      {
        canary: {
          steps: [
            { mirror: 5 },
            { route: { header: 'x-beta', value: 'yes' } },
            { weight: { percent: 10, mirror: 0 } },
            { bake: '1m' },
            { judge: { indicators: judged, deadline: '5m' } },
            { approve: { gate: 'go', quorum: 2 } },
            { weight: 50 },
            { approve: 'really' },
            { hook: { name: 'smoke', attempts: 1 } },
          ],
          affinity: { cookie: 'uid' },
        },
      },
      canary({
        steps: [
          mirror(5),
          route({ header: 'x-beta', value: 'yes' }),
          weight(10, { mirror: 0 }),
          bake('1m'),
          judge(criteria, { deadline: '5m' }),
          approve('go', { quorum: 2 }),
          weight(50),
          approve('really'),
          hook('smoke', { attempts: 1 }),
        ],
        affinity: { cookie: 'uid' },
      }),
    ],
    [
      'blue-green',
      {
        blueGreen: {
          preview: { header: 'x-preview' },
          steps: [{ approve: 'go' }],
          keepOld: '10m',
          watch: { for: '5m', indicators: { errors: { boundRate: { limit: 0.01 } } } },
        },
      },
      blueGreen({
        preview: { header: 'x-preview' },
        steps: [approve('go')],
        keepOld: '10m',
        watch: { for: '5m', indicators: { errors: boundRate({ limit: 0.01 }) } },
      }),
    ],
    [
      'steps that were made already',
      { canary: { steps: [weight(5), { bake: '1s' }] } },
      canary({ steps: [weight(5), bake('1s')] }),
    ],
  ])('plans what its function plans: %s', (_, data, made) => {
    const { strategy, problems } = read(data)
    expect(problems).toEqual([])
    expect(strategy?.plan(context)).toEqual(made.plan(context))
  })

  it('that was made by its function stays as it is', () => {
    const made = rolling({ maxSurge: 3 })
    expect(read(made).strategy).toBe(made)
  })

  it.each<[unknown, string[]]>([
    ['rolling', ['strategy']],
    [{ rollling: {} }, ['strategy']],
    [{ rolling: {}, canary: {} }, ['strategy']],
    [{ rolling: { maxSurge: -1, maxUnavailble: 1 } }, ['strategy.rolling.maxUnavailble']],
    [{ canary: { steps: 'all' } }, ['strategy.canary.steps']],
    [{ canary: { steps: [] } }, ['strategy.canary.steps']],
    [
      { canary: { steps: [{ weight: 0 }, { bake: -1 }] } },
      ['strategy.canary.steps.0.weight.percent', 'strategy.canary.steps.1.bake.duration'],
    ],
    [{ canary: { steps: [{ weight: 10, bake: '1m' }] } }, ['strategy.canary.steps.0']],
    [{ canary: { steps: [{ weight: 50 }, { weight: 10 }] } }, ['strategy.canary.steps.1']],
    [
      { canary: { steps: [{ weight: 5 }, { judge: { errors: {} } }] } },
      ['strategy.canary.steps.1.judge.indicators'],
    ],
    [
      {
        canary: { steps: [{ weight: 5 }, { judge: { indicators: { errors: { compare: {} } } } }] },
      },
      ['strategy.canary.steps.1.judge.indicators.errors'],
    ],
    [
      {
        canary: {
          steps: [
            { weight: 5 },
            { judge: { indicators: { errors: { compareRates: { alpha: 7 } } } } },
          ],
        },
      },
      ['strategy.canary.steps.1.judge.indicators.errors.compareRates.alpha'],
    ],
    [{ blueGreen: { keepOld: 'long' } }, ['strategy.blueGreen.keepOld']],
  ])('with a mistake is refused where the mistake is: %j', (data, where) => {
    expect(read(data)).toEqual({ strategy: undefined, problems: where })
  })
})
