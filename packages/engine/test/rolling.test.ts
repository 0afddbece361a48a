import {
  ChangeoverError,
  rolling,
  type RollingOptions,
  type StrategyContext,
  type StrategyPlan,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEW, OLD } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const context: StrategyContext = {
  service: 'shop',
  from: OLD,
  to: NEW,
  replicas: 10,
  running: 10,
  router: {},
}

describe('the plan', () => {
  test('by default exchanges a quarter of the instances at a time, and is more patient on the way back', () => {
    const replace = {
      step: 'replace',
      replicas: 10,
      surge: 3,
      unavailable: 2,
      minReadyMs: 0,
      readyWithinMs: 60_000,
      drain: { deadlineMs: 30_000, onDeadline: 'force' },
    }
    expect(rolling().plan(context)).toStrictEqual({
      steps: [{ ...replace, release: 'new' }],
      rollback: [{ ...replace, release: 'old', readyWithinMs: 180_000 }],
      capacity: { maxTotal: 13, minAvailable: 8 },
      warnings: [],
    })
  })

  test('takes over every option', () => {
    const drain = { deadline: '5m', onDeadline: 'hold' } as const
    const options = { maxSurge: 2, maxUnavailable: 1, minReady: '10s', readyWithin: '2m', drain }
    expect(stepOf(rolling(options).plan({ ...context, replicas: 5 }))).toMatchObject({
      surge: 2,
      unavailable: 1,
      minReadyMs: 10_000,
      readyWithinMs: 120_000,
      drain: { deadlineMs: 300_000, onDeadline: 'hold' },
    })
  })

  test('of a first deployment launches everything, and its way back takes everything away again', () => {
    const plan = rolling().plan({ ...context, from: undefined, running: 0 })
    expect(stepOf(plan)).toMatchObject({ release: 'new', replicas: 10 })
    expect(plan.rollback).toStrictEqual([
      { step: 'shift', weights: {} },
      { step: 'drain', release: 'new', deadlineMs: 30_000, onDeadline: 'force' },
      { step: 'stop', release: 'new', deadlineMs: 30_000 },
    ])
    expect(plan.capacity).toStrictEqual({ maxTotal: 13, minAvailable: 0 })
    expect(plan.warnings).toStrictEqual([
      '"new" is the first release: there is nothing to go back to',
    ])
  })

  test.each([
    [10, 10, { replicas: 10, surge: 5, unavailable: 5 }, { maxTotal: 15, minAvailable: 5 }],
    [10, 3, { replicas: 3, surge: 5, unavailable: 2 }, { maxTotal: 15, minAvailable: 1 }],
    [10, 1, { replicas: 1, surge: 5, unavailable: 0 }, { maxTotal: 15, minAvailable: 1 }],
    [10, 20, { replicas: 20, surge: 5, unavailable: 5 }, { maxTotal: 20, minAvailable: 5 }],
    [10, 0, { replicas: 10, surge: 5, unavailable: 5 }, { maxTotal: 15, minAvailable: 0 }],
  ])(
    'for %i replicas where %i run leads back to what there was',
    (replicas, running, back, capacity) => {
      const strategy = rolling({ maxSurge: '50%', maxUnavailable: '50%' })
      const plan = strategy.plan({ ...context, replicas, running })
      expect(plan.rollback).toMatchObject([back])
      expect(plan.capacity).toStrictEqual(capacity)
    },
  )

  test('can always move and always leaves somebody serving, on the way there and on the way back', () => {
    const shares = fc.oneof(
      fc.nat(12),
      fc.nat(100).map((share) => `${share}%`),
    )
    const counts = fc.integer({ min: 1, max: 30 })
    fc.assert(
      fc.property(shares, shares, counts, counts, (maxSurge, maxUnavailable, replicas, running) => {
        const plan = planOrRefusal({ maxSurge, maxUnavailable }, { replicas, running })
        fc.pre(plan !== undefined)
        for (const step of [...plan.steps, ...plan.rollback]) {
          if (step.step !== 'replace') throw new Error('another step')
          expect(step.surge + step.unavailable).toBeGreaterThan(0)
          expect(step.replicas - step.unavailable).toBeGreaterThanOrEqual(1)
          expect(plan.capacity.minAvailable).toBeLessThanOrEqual(step.replicas - step.unavailable)
          expect(step.replicas + step.surge).toBeLessThanOrEqual(
            Math.max(plan.capacity.maxTotal, running + step.surge),
          )
        }
      }),
    )
  })

  test('is the same whenever it is made from the same context', () => {
    const strategy = rolling({ maxSurge: 1 })
    expect(strategy.plan(context)).toStrictEqual(strategy.plan({ ...context }))
    expect(Object.isFrozen(strategy)).toBe(true)
  })

  test.each([
    [1, { maxSurge: 0, maxUnavailable: 1 }, '1'],
    [1, { maxSurge: 1, maxUnavailable: 1 }, '1'],
    [1, { maxSurge: 0, maxUnavailable: 0 }, '0'],
    [3, { maxSurge: 1, maxUnavailable: '100%' }, '100%'],
    [3, { maxSurge: 1, maxUnavailable: 5 }, '5'],
  ])(
    'for %i replica(s) with %o is refused, since nothing would serve',
    (replicas, options, shown) => {
      const refusal = refusalOf(() => rolling(options).plan({ ...context, replicas }))
      expect(refusal.code).toBe('CHANGEOVER_CAPACITY_NEVER_SERVES')
      expect(refusal.message).toContain(`maxUnavailable ${shown} would leave no instance serving`)
    },
  )

  test.each([
    ['maxSurge', { maxSurge: 'oops' }],
    ['maxSurge', { maxSurge: -1 }],
    ['maxUnavailable', { maxUnavailable: '25' }],
    ['maxUnavailable', { maxUnavailable: 1.5 }],
  ])('is refused where %s is no share: %o', (field, options) => {
    expect(refusalOf(() => rolling(options).plan(context))).toMatchObject({
      code: 'CHANGEOVER_CAPACITY_INVALID',
      details: { field },
    })
  })
})

describe('a wrong option is refused before there is a plan', () => {
  test.each<[string, string, object]>([
    ['an unknown option', 'rolling.maxsurge', { maxsurge: 1 }],
    ['an unknown drain option', 'rolling.drain.timeout', { drain: { timeout: '5s' } }],
    ['a surge that is no share', 'rolling.maxSurge', { maxSurge: true }],
    ['a surge that is no number', 'rolling.maxSurge', { maxSurge: Number.NaN }],
    ['an unavailable that is no share', 'rolling.maxUnavailable', { maxUnavailable: null }],
    ['a time that is no duration', 'rolling.minReady', { minReady: {} }],
    ['a big integer', 'rolling.readyWithin', { readyWithin: 5n }],
    ['a drain that is no object', 'rolling.drain', { drain: '30s' }],
    ['an unknown drain policy', 'rolling.drain.onDeadline', { drain: { onDeadline: 'cut' } }],
    ['no time to get ready', 'rolling.readyWithin', { readyWithin: 0 }],
    [
      'less time than it must be ready',
      'rolling.readyWithin',
      { minReady: '2m', readyWithin: '1m' },
    ],
  ])('%s: %s', (_, field, options) => {
    const refusal = refusalOf(() => rolling(options))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
    expect(refusal.message).toContain(`Option "${field}" was refused`)
  })

  test.each<[string, object]>([
    ['rolling.minReady', { minReady: '10' }],
    ['rolling.minReady', { minReady: -1 }],
    ['rolling.readyWithin', { readyWithin: '1 minute' }],
    ['rolling.drain.deadline', { drain: { deadline: 'soon' } }],
  ])('%s is a duration: %o', (field, options) => {
    expect(refusalOf(() => rolling(options))).toMatchObject({
      code: 'CHANGEOVER_DURATION_INVALID',
      details: { field },
    })
  })

  test.each([null, 'fast', 5, []])('%o is no options object', (options) => {
    expect(refusalOf(() => rolling(options as unknown as RollingOptions))).toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field: 'rolling' },
    })
  })
})

function stepOf({ steps }: StrategyPlan): StrategyPlan['steps'][number] {
  expect(steps).toHaveLength(1)
  return steps[0]!
}

/** Undefined where the strategy refuses, because nothing would serve. */
function planOrRefusal(
  options: RollingOptions,
  counts: Pick<StrategyContext, 'replicas' | 'running'>,
): StrategyPlan | undefined {
  try {
    return rolling(options).plan({ ...context, ...counts })
  } catch (error) {
    if (error instanceof ChangeoverError && error.code === 'CHANGEOVER_CAPACITY_NEVER_SERVES')
      return undefined
    throw error
  }
}
