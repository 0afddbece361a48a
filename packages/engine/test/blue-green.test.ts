import {
  approve,
  bake,
  blueGreen,
  type BlueGreenOptions,
  boundRate,
  compareRates,
  hook,
  judge,
  type Step,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { refusalOf } from './refusal.ts'
import { planFor } from './strategy-maker.ts'

const launch: Step = {
  step: 'launch',
  release: 'new',
  instances: 10,
  minReadyMs: 0,
  readyWithinMs: 60_000,
}
const flip: Step = { step: 'shift', weights: { new: 10_000 } }
const leaveOld: Step[] = [
  { step: 'drain', release: 'old', deadlineMs: 30_000, onDeadline: 'force' },
  { step: 'stop', release: 'old', deadlineMs: 30_000 },
]
const bound = { errors: boundRate({ limit: 0.01 }) }

describe('the plan of a blue-green exchange', () => {
  test('of the design is written as it reads', () => {
    const strategy = blueGreen({
      preview: { header: 'x-preview' },
      steps: [hook('smoke'), approve('go')],
      keepOld: '10m',
      watch: '5m',
    })
    const plan = planFor(strategy)
    expect(plan.strategy).toBe('blue-green')
    expect(plan.steps).toStrictEqual([
      launch,
      {
        step: 'shift',
        weights: { old: 10_000, new: 0 },
        rules: [{ release: 'new', header: 'x-preview' }],
      },
      { step: 'hook', name: 'smoke', timeoutMs: 30_000, attempts: 3 },
      { step: 'approve', gate: 'go', quorum: 1 },
      flip,
      { step: 'bake', durationMs: 300_000 },
      { step: 'bake', durationMs: 300_000 },
      ...leaveOld,
    ])
    expect(plan.capacity).toStrictEqual({ maxTotal: 20, minAvailable: 10 })
    expect(plan.warnings).toStrictEqual([])
    expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan)
  })

  test('with no option launches, flips and cleans up', () => {
    expect(planFor(blueGreen()).steps).toStrictEqual([launch, flip, ...leaveOld])
    expect(planFor(blueGreen()).warnings).toHaveLength(1)
  })

  test('watches by a judge that looks until the end of the watch, and keeps the old side for the rest of its time', () => {
    const watch = { for: '5m', indicators: bound, every: '5s', onInconclusive: 'hold' } as const
    const { steps } = planFor(blueGreen({ watch, keepOld: '30m' }))
    expect(steps.slice(2, 4)).toStrictEqual([
      {
        step: 'judge',
        gate: 'watch',
        indicators: { errors: { kind: 'bound-rate', limit: 0.01, confidence: 0.95 } },
        everyMs: 5_000,
        deadlineMs: 300_000,
        onInconclusive: 'hold',
        candidate: 'new',
        baseline: 'old',
      },
      { step: 'bake', durationMs: 1_500_000 },
    ])
  })

  test('keeps the old side at least as long as the new one is watched', () => {
    const { steps } = planFor(blueGreen({ watch: { for: '3s', indicators: bound } }))
    expect(steps.slice(2, -2)).toMatchObject([{ step: 'judge', everyMs: 3_000, deadlineMs: 3_000 }])
  })

  test('goes back in one table while the old side is up', () => {
    const { rollback } = planFor(blueGreen({ keepOld: '10m' }), { running: 4 })
    expect(rollback.slice(0, 2)).toStrictEqual([
      { ...launch, release: 'old', instances: 4, readyWithinMs: 180_000 },
      { step: 'shift', weights: { old: 10_000 } },
    ])
    expect(rollback.slice(2)).toStrictEqual(leaveOld.map((step) => ({ ...step, release: 'new' })))
  })

  test('of a first release has no preview, no judgement in it, and nothing to go back to', () => {
    const strategy = blueGreen({
      preview: { cookie: 'p' },
      steps: [hook('smoke'), judge(bound)],
      keepOld: '1m',
    })
    const plan = planFor(strategy, { from: undefined, running: 0 })
    expect(plan.steps.map(({ step }) => step)).toStrictEqual(['launch', 'hook', 'shift', 'bake'])
    expect(plan.rollback[0]).toStrictEqual({ step: 'shift', weights: {} })
    expect(plan.warnings).toStrictEqual([
      '"new" is the first release: there is nothing to go back to',
      'nothing serves beside the new release: there is no preview, and no judgement in it',
    ])
  })

  test('of a release whose predecessor has no instance left says that the way back takes longer', () => {
    const plan = planFor(blueGreen({ steps: [approve('go')] }), { running: 0 })
    expect(plan.warnings).toStrictEqual([
      'no instance of "old" runs: the way back has to launch them',
    ])
  })
})

describe('a blue-green exchange is refused', () => {
  const compared = { errors: compareRates() }
  test.each<[string, BlueGreenOptions, string]>([
    [
      'that compares before the flip',
      { preview: { header: 'x' }, steps: [judge(compared)] },
      'blueGreen.steps.0.errors',
    ],
    [
      'that compares after it',
      { watch: { for: '1m', indicators: compared } },
      'blueGreen.watch.indicators.errors',
    ],
    ['that judges without a preview', { steps: [bake('1m'), judge(bound)] }, 'blueGreen.steps.1'],
    [
      'that watches longer than the old side is kept',
      { keepOld: '1m', watch: '5m' },
      'blueGreen.keepOld',
    ],
    ['with two marks', { preview: { header: 'a', cookie: 'b' } }, 'blueGreen.preview'],
    ['with two gates of one name', { steps: [approve('go'), approve('go')] }, 'blueGreen.steps.1'],
    [
      'with a gate named like its watch',
      { steps: [approve('watch')], watch: { for: '1m', indicators: bound } },
      'blueGreen.steps.1',
    ],
    ['that watches by nothing', { watch: { for: '1m', indicators: {} } }, 'judge.indicators'],
    [
      'with a weight',
      { steps: [{ step: 'weight', weight: 5 } as never] },
      'blueGreen.steps.0.step',
    ],
    ['with an option that is none', { keep: '1m' } as object, 'blueGreen.keep'],
  ])('%s', (_, options, field) => {
    const refusal = refusalOf(() => blueGreen(options))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_OPTION_INVALID', details: { field } })
  })

  test.each(['keepOld', 'watch'])('whose %s is no duration', (field) => {
    expect(refusalOf(() => blueGreen({ [field]: 'a while' }))).toMatchObject({
      code: 'CHANGEOVER_DURATION_INVALID',
      details: { field: `blueGreen.${field}` },
    })
  })
})
