import {
  approve,
  bake,
  boundRate,
  compareRates,
  compareSamples,
  hook,
  judge,
  mirror,
  route,
  weight,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'

describe('a step of a strategy is plain data', () => {
  test.each([
    [weight(1), { step: 'weight', weight: 100 }],
    [weight(0.07), { step: 'weight', weight: 7 }],
    [weight(33.33), { step: 'weight', weight: 3_333 }],
    [
      weight(5, { rules: [{ header: 'x-beta' }], mirror: 10 }),
      { step: 'weight', weight: 500, rules: [{ header: 'x-beta' }], mirror: 1_000 },
    ],
    [weight(5, { rules: [], mirror: 0 }), { step: 'weight', weight: 500, rules: [], mirror: 0 }],
    [mirror(12.5), { step: 'mirror', weight: 1_250 }],
    [route({ cookie: 'beta', value: 'yes' }), { step: 'route', cookie: 'beta', value: 'yes' }],
    [bake('2m'), { step: 'bake', durationMs: 120_000 }],
    [approve('go'), { step: 'approve', gate: 'go', quorum: 1 }],
    [
      approve('go', { quorum: 2, expires: '4h', notRequester: true, onInconclusive: 'hold' }),
      {
        step: 'approve',
        gate: 'go',
        quorum: 2,
        expiresMs: 14_400_000,
        notRequester: true,
        onInconclusive: 'hold',
      },
    ],
    [hook('smoke'), { step: 'hook', name: 'smoke', timeoutMs: 30_000, attempts: 3 }],
    [
      hook('smoke', { timeout: '2m', attempts: 1, onInconclusive: 'roll-back' }),
      { step: 'hook', name: 'smoke', timeoutMs: 120_000, attempts: 1, onInconclusive: 'roll-back' },
    ],
    [
      judge({ errors: compareRates({ tolerance: 1.25 }), slow: compareRates({ over: '300ms' }) }),
      {
        step: 'judge',
        indicators: {
          errors: { kind: 'compare-rates', alpha: 0.01, beta: 0.05, tolerance: 1.25, ratioMax: 2 },
          slow: {
            kind: 'compare-rates',
            alpha: 0.01,
            beta: 0.05,
            tolerance: 1,
            ratioMax: 2,
            overMs: 300,
          },
        },
        everyMs: 10_000,
        deadlineMs: 600_000,
      },
    ],
    [
      judge(
        {
          errors: boundRate({ limit: 0.01, minRequests: 300 }),
          memory: compareSamples({ alpha: 0.05, tolerance: 0.1 }),
        },
        { gate: 'watch', every: '1s', deadline: '1m', onInconclusive: 'hold' },
      ),
      {
        step: 'judge',
        gate: 'watch',
        indicators: {
          errors: { kind: 'bound-rate', limit: 0.01, confidence: 0.95, minRequests: 300 },
          memory: { kind: 'compare-samples', alpha: 0.05, tolerance: 0.1 },
        },
        everyMs: 1_000,
        deadlineMs: 60_000,
        onInconclusive: 'hold',
      },
    ],
  ])('%j', (step, data) => {
    expect(step).toStrictEqual(data)
    expect(JSON.parse(JSON.stringify(step))).toStrictEqual(step)
  })
})

describe('a step that could not mean what it says is refused by', () => {
  const errors = { errors: compareRates() }
  test.each<[string, () => unknown, string]>([
    ['a weight of nothing', () => weight(0), 'weight.percent'],
    ['a weight below nothing', () => weight(-1), 'weight.percent'],
    ['a weight above all', () => weight(100.01), 'weight.percent'],
    ['a weight too fine for a route table', () => weight(0.001), 'weight.percent'],
    ['a weight of three decimals', () => weight(33.333), 'weight.percent'],
    ['a weight that is no number', () => weight(Number.NaN), 'weight.percent'],
    ['a weight as text', () => weight('5%' as unknown as number), 'weight.percent'],
    ['a mirror beyond all requests', () => weight(5, { mirror: 101 }), 'weight.mirror'],
    ['an unknown option', () => weight(5, { sticky: true } as object), 'weight.sticky'],
    ['a mirror too fine', () => mirror(0.005), 'mirror.percent'],
    ['a rule without a mark', () => route({}), 'route'],
    ['a rule with two marks', () => route({ header: 'a', cookie: 'b' }), 'route'],
    ['a header that breaks out', () => route({ header: 'x: y\r\nz' }), 'route.header'],
    ['a value that breaks out', () => route({ header: 'x', value: 'a\nb' }), 'route.value'],
    [
      'a rule of a weight with two marks',
      () => weight(5, { rules: [{ header: 'a', cookie: 'b' }] }),
      'weight.rules.0',
    ],
    ['an approval by nobody', () => approve('go', { quorum: 0 }), 'approve.quorum'],
    ['an approval by half a person', () => approve('go', { quorum: 1.5 }), 'approve.quorum'],
    ['a gate without a name', () => approve(''), 'approve.gate'],
    ['a gate whose name is no name', () => approve('a/b'), 'approve.gate'],
    ['an approval that expires at once', () => approve('go', { expires: 0 }), 'approve.expiresMs'],
    ['a hook without a name', () => hook(''), 'hook.name'],
    ['a hook that is never called', () => hook('smoke', { attempts: 0 }), 'hook.attempts'],
    ['a hook without time', () => hook('smoke', { timeout: 0 }), 'hook.timeoutMs'],
    ['a judge of nothing', () => judge({}), 'judge.indicators'],
    ['a judge that never looks', () => judge(errors, { every: '2m', deadline: '1m' }), 'judge'],
    ['a judge without time', () => judge(errors, { deadline: 0 }), 'judge.deadlineMs'],
    [
      'a criterion that is none',
      () => judge({ errors: {} as never }),
      'judge.indicators.errors.kind',
    ],
    [
      'a default that nobody offers',
      () => judge(errors, { onInconclusive: 'pass' as never }),
      'judge.onInconclusive',
    ],
  ])('%s', (_, make, field) => {
    expect(refusalOf(make)).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
  })

  test.each<[string, () => unknown, string]>([
    ['bake', () => bake('soon'), 'bake.duration'],
    ['approve', () => approve('go', { expires: '4 hours' }), 'approve.expires'],
    ['hook', () => hook('smoke', { timeout: -1 }), 'hook.timeout'],
    ['judge', () => judge(errors, { deadline: '10 minutes' }), 'judge.deadline'],
  ])('a duration that is none, in %s', (_, make, field) => {
    expect(refusalOf(make)).toMatchObject({
      code: 'CHANGEOVER_DURATION_INVALID',
      details: { field },
    })
  })
})

test('every percentage of two decimals is its basis points, and nothing finer is taken', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 9 }),
      (points, more) => {
        expect(weight(points / 100).weight).toBe(points)
        expect(weight(Number((points / 100).toFixed(2))).weight).toBe(points)
        const finer = (points * 10 - more) / 1_000
        expect(refusalOf(() => weight(finer)).code).toBe('CHANGEOVER_OPTION_INVALID')
      },
    ),
  )
})
