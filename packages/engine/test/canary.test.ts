import {
  approve,
  bake,
  boundRate,
  canary,
  type CanaryStep,
  compareRates,
  hook,
  judge,
  mirror,
  route,
  type Step,
  weight,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { planFor } from './strategy-maker.ts'

const ready = { minReadyMs: 0, readyWithinMs: 60_000 }
const drain = { deadlineMs: 30_000, onDeadline: 'force' } as const
const errors = { errors: compareRates() }

function launch(instances: number, release = 'new', readyWithinMs = 60_000): Step {
  return { step: 'launch', release, instances, minReadyMs: 0, readyWithinMs }
}
function shift(weight: number): Step {
  return { step: 'shift', weights: { old: 10_000 - weight, new: weight } }
}
const ALL_NEW: Step = { step: 'shift', weights: { new: 10_000 } }
function leave(release: string): Step[] {
  return [
    { step: 'drain', release, ...drain },
    { step: 'stop', release, deadlineMs: 30_000 },
  ]
}

describe('the plan of a canary', () => {
  test('launches what each weight needs before it, keeps the old side whole, and cleans up at the end', () => {
    const plan = planFor(canary({ steps: [weight(1), bake('2m'), weight(25), weight(33)] }))
    expect(plan.steps).toStrictEqual([
      launch(1),
      shift(100),
      { step: 'bake', durationMs: 120_000 },
      launch(3),
      shift(2_500),
      launch(4),
      shift(3_300),
      launch(10),
      ALL_NEW,
      ...leave('old'),
    ])
    expect(plan.capacity).toStrictEqual({ maxTotal: 20, minAvailable: 10 })
  })

  test('goes back by capacity first, then one table without rules, affinity and mirror', () => {
    const steps = [weight(1), route({ header: 'x' }), mirror(5), bake('1m')]
    const plan = planFor(canary({ steps, affinity: { cookie: 'uid' } }), { running: 7 })
    expect(plan.rollback).toStrictEqual([
      launch(7, 'old', 180_000),
      { step: 'shift', weights: { old: 10_000 } },
      ...leave('new'),
    ])
    expect(plan.capacity).toStrictEqual({ maxTotal: 17, minAvailable: 7 })
  })

  test('with scale full launches everything before the first weight', () => {
    const plan = planFor(canary({ steps: [weight(1), weight(50)], scale: 'full' }))
    const launches = plan.steps.filter(({ step }) => step === 'launch')
    expect(launches).toStrictEqual([launch(10)])
    expect(plan.steps[0]).toStrictEqual(launch(10))
  })

  test('has instances before a hook that comes first, so that it has something to try', () => {
    const plan = planFor(canary({ steps: [hook('smoke'), weight(30)] }))
    expect(plan.steps.map(({ step }) => step).slice(0, 3)).toStrictEqual([
      'launch',
      'hook',
      'shift',
    ])
    expect(plan.steps[0]).toStrictEqual(launch(3))
  })

  test('of the design is written as it reads', () => {
    const plan = planFor(
      canary({
        steps: [
          weight(1),
          bake('2m'),
          judge({
            errors: compareRates({ tolerance: 1.25 }),
            slow: compareRates({ over: '300ms' }),
          }),
          weight(25),
          bake('5m'),
          approve('release-manager', { quorum: 1, expires: '4h' }),
          weight(100),
        ],
        affinity: { cookie: 'uid' },
        scale: 'proportional',
      }),
    )
    expect(plan.steps.map(({ step }) => step)).toStrictEqual([
      'launch',
      'shift',
      'bake',
      'judge',
      'launch',
      'shift',
      'bake',
      'approve',
      'launch',
      'shift',
      'drain',
      'stop',
    ])
    expect(plan.steps[1]).toStrictEqual({
      ...shift(100),
      affinity: { release: 'new', cookie: 'uid' },
    })
    expect(plan.steps[3]).toMatchObject({ gate: 'judge', candidate: 'new', baseline: 'old' })
    expect(plan.warnings).toStrictEqual([])
    expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan)
  })

  test('holds rules and the mirror until a weight says otherwise, and ends them at 100', () => {
    const beta = { header: 'x-beta' }
    const plan = planFor(
      canary({
        steps: [
          route(beta),
          approve('beta testers'),
          mirror(10),
          weight(1),
          weight(5, { rules: [], mirror: 20 }),
          weight(10, { rules: [{ cookie: 'vip', value: '1' }], mirror: 0 }),
        ],
      }),
    )
    const rules = [{ release: 'new', ...beta }]
    expect(plan.steps.filter(({ step }) => step === 'shift')).toStrictEqual([
      { ...shift(0), rules },
      { ...shift(0), rules, mirror: { release: 'new', weight: 1_000 } },
      { ...shift(100), rules, mirror: { release: 'new', weight: 1_000 } },
      { ...shift(500), mirror: { release: 'new', weight: 2_000 } },
      { ...shift(1_000), rules: [{ release: 'new', cookie: 'vip', value: '1' }] },
      ALL_NEW,
    ])
  })

  test('launches for the mirror what the mirror needs', () => {
    const plan = planFor(canary({ steps: [route({ cookie: 'a' }), mirror(40), weight(5)] }))
    const launches = plan.steps.filter(({ step }) => step === 'launch')
    expect(launches).toStrictEqual([launch(1), launch(4), launch(10)])
  })

  test.each([
    [10, 33, 4],
    [10, 1, 1],
    [3, 34, 2],
    [1, 50, 1],
    [1_000, 0.1, 1],
    [1_000, 0.11, 2],
  ])('of %i replicas at %f%% launches %i', (replicas, percent, instances) => {
    const plan = planFor(canary({ steps: [weight(percent)] }), { replicas })
    expect(plan.steps[0]).toMatchObject({ step: 'launch', instances })
  })

  test('names its judges apart from each other and from those that have a name', () => {
    const steps = [
      weight(1),
      judge(errors),
      weight(2),
      judge(errors),
      judge(errors, { gate: 'judge-2' }),
    ]
    const plan = planFor(canary({ steps }))
    const gates = plan.steps.flatMap((step) => (step.step === 'judge' ? [step.gate] : []))
    expect(gates).toStrictEqual(['judge', 'judge-3', 'judge-2'])
  })

  test('warns where nothing but readiness stands between the new release and all traffic', () => {
    expect(planFor(canary({ steps: [weight(1), bake('1m')] })).warnings).toStrictEqual([
      'no gate judges the new release: it is promoted if its instances are ready and stay so',
    ])
  })
})

describe('without anything to compare with', () => {
  const strategy = canary({
    steps: [
      hook('smoke'),
      weight(1),
      judge({ errors: compareRates(), bounded: boundRate({ limit: 0.01 }) }),
      weight(50),
      judge(errors),
      approve('go'),
    ],
  })

  test('a first release gets all traffic at the first weight, and comparing gates are left out', () => {
    const plan = planFor(strategy, { from: undefined, running: 0 })
    expect(plan.steps).toMatchObject([
      launch(10),
      { step: 'hook' },
      ALL_NEW,
      { step: 'judge', gate: 'judge', indicators: { bounded: { kind: 'bound-rate' } } },
      { step: 'approve' },
    ])
    expect(plan.steps[3]).not.toHaveProperty('indicators.errors')
    expect(plan.rollback).toStrictEqual([{ step: 'shift', weights: {} }, ...leave('new')])
    expect(plan.capacity).toStrictEqual({ maxTotal: 10, minAvailable: 0 })
    expect(plan.warnings).toStrictEqual([
      '"new" is the first release: it gets all traffic at once, and there is nothing to go back to',
      'gate "judge" leaves out what it would compare with another release',
      'gate "judge-2" leaves out what it would compare with another release',
    ])
  })

  test('the same goes for a release whose predecessor has no instance left, so that a fix is not held up', () => {
    const plan = planFor(strategy, { running: 0 })
    expect(plan.steps[2]).toStrictEqual(ALL_NEW)
    expect(plan.rollback[0]).toStrictEqual(launch(10, 'old', 180_000))
    expect(plan.warnings[0]).toBe('no instance of "old" runs: "new" gets all traffic at once')
  })
})

test('what an earlier rollout left behind goes first, after the release in place was made whole', () => {
  const plan = planFor(canary({ steps: [weight(10)] }), { running: 6, others: { b: 3, a: 4 } })
  expect(plan.steps.slice(0, 7)).toStrictEqual([
    launch(10, 'old'),
    { step: 'shift', weights: { old: 10_000 } },
    ...leave('a'),
    ...leave('b'),
    launch(1),
  ])
  expect(plan.rollback.slice(-6)).toStrictEqual([...leave('new'), ...leave('a'), ...leave('b')])
  expect(plan.capacity).toStrictEqual({ maxTotal: 20, minAvailable: 6 })
})

describe('a canary is refused', () => {
  const marked = route({ header: 'x' })
  test.each<[string, readonly CanaryStep[], string, string]>([
    [
      'whose weights do not rise',
      [weight(20), weight(20)],
      'canary.steps.1',
      'weights rise, and the one before is 20',
    ],
    [
      'whose weights fall',
      [weight(50), weight(20)],
      'canary.steps.1',
      'weights rise, and the one before is 50',
    ],
    [
      'that goes on after 100',
      [weight(100), weight(50)],
      'canary.steps.1',
      'weights rise, and the one before is 100',
    ],
    [
      'that judges before there is traffic',
      [judge(errors), weight(5)],
      'canary.steps.0',
      'no traffic yet',
    ],
    [
      'that compares at 100',
      [weight(100), judge(errors)],
      'canary.steps.1',
      'no traffic to compare with',
    ],
    [
      'that marks requests at 100',
      [weight(100), marked],
      'canary.steps.1',
      'has all traffic already',
    ],
    [
      'that copies requests at 100',
      [weight(100), mirror(1)],
      'canary.steps.1',
      'has all traffic already',
    ],
    [
      'with two gates of one name',
      [weight(1), approve('go'), approve('go')],
      'canary.steps.2',
      'another gate',
    ],
    [
      'with a judge named like an approval',
      [weight(1), approve('go'), judge(errors, { gate: 'go' })],
      'canary.steps.2',
      'another gate',
    ],
    ['without steps', [], 'canary.steps', 'a canary needs steps'],
    ['whose step is none', [{ step: 'pray' } as never], 'canary.steps.0.step', 'Invalid'],
    [
      'whose weight is written by hand and wrong',
      [{ step: 'weight', weight: 0.5 }],
      'canary.steps.0.weight',
      'int',
    ],
  ])('%s', (_, steps, field, problem) => {
    const refusal = refusalOf(() => canary({ steps }))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
    expect(refusal.details).toHaveProperty('problem', expect.stringContaining(problem))
  })

  test.each([
    [{ affinity: {} }, 'canary.affinity'],
    [{ affinity: { cookie: 'a', header: 'b' } }, 'canary.affinity'],
    [{ affinity: { cookie: 'no name' } }, 'canary.affinity.cookie'],
    [{ scale: 'some' }, 'canary.scale'],
    [{ sticky: true }, 'canary.sticky'],
    [{ minReady: '2m', readyWithin: '1m' }, 'canary.readyWithin'],
  ])('with %j', (options, field) => {
    const refusal = refusalOf(() => canary({ steps: [weight(1)], ...options } as never))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
  })

  test('but judging what only marked requests or copies bring is fine, and so is a bound at 100', () => {
    const bounded = judge({ errors: boundRate({ limit: 0.01 }) })
    for (const steps of [
      [marked, judge(errors)],
      [mirror(5), judge(errors)],
      [weight(100), bounded],
    ]) {
      expect(planFor(canary({ steps })).steps.length).toBeGreaterThan(3)
    }
  })
})

test('the times of a canary are those of its instances', () => {
  const times = {
    minReady: '10s',
    readyWithin: '2m',
    drain: { deadline: '5m', onDeadline: 'hold' },
  } as const
  const { steps } = planFor(canary({ steps: [weight(1)], ...times }))
  expect(steps[0]).toStrictEqual({
    ...launch(1),
    ...ready,
    minReadyMs: 10_000,
    readyWithinMs: 120_000,
  })
  expect(steps.slice(-2)).toStrictEqual([
    { step: 'drain', release: 'old', deadlineMs: 300_000, onDeadline: 'hold' },
    { step: 'stop', release: 'old', deadlineMs: 300_000 },
  ])
})
