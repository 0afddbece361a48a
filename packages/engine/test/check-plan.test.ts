import {
  memoryFleet,
  memoryRouter,
  type Metrics,
  type MigrationGuard,
  type Step,
  systemClock,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { checkPlan } from '../src/check-plan.ts'
import type { Ports } from '../src/run.ts'
import { planOf } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const metrics: Metrics = {
  name: 'none',
  sample: () => Promise.resolve({ data: false, reason: 'a test' }),
}
const safe = () => Promise.resolve({ verdict: 'safe', findings: [] } as const)
const migrations: MigrationGuard = {
  check: safe,
  apply: safe,
  floor: () => Promise.resolve(undefined),
}
const bare: Ports = {
  router: memoryRouter(),
  fleet: memoryFleet(),
  clock: systemClock(),
  metrics: undefined,
  migrations: undefined,
  hooks: {},
}
const full: Ports = { ...bare, metrics, migrations, hooks: { smoke: () => Promise.resolve() } }

const drain = { deadlineMs: 1, onDeadline: 'force' } as const
const ready = { minReadyMs: 0, readyWithinMs: 1 }
const criterion = {
  kind: 'compare-rates',
  alpha: 0.01,
  beta: 0.05,
  tolerance: 1,
  ratioMax: 2,
} as const
const bake: Step = { step: 'bake', durationMs: 1 }
const hook: Step = { step: 'hook', name: 'smoke', timeoutMs: 1, attempts: 1 }
const migrate: Step = { step: 'migrate', phase: 'expand' }
const judge = {
  step: 'judge',
  gate: 'errors',
  indicators: { errors: criterion },
  candidate: 'new',
  baseline: 'old',
  everyMs: 1,
  deadlineMs: 1,
} as const satisfies Step
const approve = { step: 'approve', gate: 'go', quorum: 1 } as const satisfies Step

test('a plan of every kind of step that the ports can carry out is accepted as it is', () => {
  const plan = planOf(
    [
      migrate,
      { step: 'launch', release: 'new', instances: 1, ...ready },
      { step: 'launch', release: 'new', instances: 3, atLeast: 2, ...ready },
      { step: 'shift', weights: { old: 9_900, new: 100 } },
      bake,
      judge,
      approve,
      hook,
      { step: 'replace', release: 'new', replicas: 2, surge: 1, unavailable: 0, drain, ...ready },
      { step: 'drain', release: 'old', ...drain },
      { step: 'stop', release: 'old', deadlineMs: 1 },
    ],
    [{ step: 'shift', weights: {} }],
  )
  expect(checkPlan(plan, full)).toBe(plan)
})

describe('a plan is refused', () => {
  test('where it has no steps', () => {
    expect(refusalOf(() => checkPlan(planOf([]), full))).toMatchObject({
      code: 'CHANGEOVER_PLAN_INVALID',
      details: { strategy: 'test', problem: 'it has no steps' },
    })
  })

  test.each(['shake', 'toString', 'constructor'])('where nobody registered its hook %s', (name) => {
    const refusal = refusalOf(() => checkPlan(planOf([{ ...hook, name }]), full))
    expect(refusal).toMatchObject({ code: 'CHANGEOVER_HOOK_UNKNOWN', details: { hook: name } })
    expect(refusal.message).toContain(`createEngine({ hooks: { ${name}: async () =>`)
  })

  test.each<[string, Step]>([
    ['metrics', judge],
    ['migrations', migrate],
  ])('where the engine was given no %s', (port, step) => {
    expect(refusalOf(() => checkPlan(planOf([step]), bare))).toMatchObject({
      code: 'CHANGEOVER_PORT_MISSING',
      details: { step: step.step, port },
    })
  })

  test.each<[string, Step]>([
    ['gate "errors" judges nothing', { ...judge, indicators: {} }],
    ['gate "go" needs nobody', { ...approve, quorum: 0 }],
    ['gate "go" needs nobody', { ...approve, quorum: Number.NaN }],
    ...[0, 4, 1.5].map((atLeast): [string, Step] => [
      `a launch of 3 is to go on with ${atLeast} of them`,
      { step: 'launch', release: 'new', instances: 3, atLeast, ...ready },
    ]),
    ['a shift has the weights {"new":9999}', { step: 'shift', weights: { new: 9_999 } }],
    ['a shift has the weights {"old":0}', { step: 'shift', weights: { old: 0 } }],
    [
      'a shift has the weights {"old":9999.5,"new":0.5}',
      { step: 'shift', weights: { old: 9_999.5, new: 0.5 } },
    ],
    [
      'a shift has the weights {"old":10001,"new":-1}',
      { step: 'shift', weights: { old: 10_001, new: -1 } },
    ],
    [
      'a replace with replicas 2, surge 0, unavailable 0 could never progress or never serve',
      { step: 'replace', release: 'new', replicas: 2, surge: 0, unavailable: 0, drain, ...ready },
    ],
    [
      'a replace with replicas 1, surge 1, unavailable 1 could never progress or never serve',
      { step: 'replace', release: 'new', replicas: 1, surge: 1, unavailable: 1, drain, ...ready },
    ],
    ['it has a step {"step":"pray"}', { step: 'pray' } as unknown as Step],
    ['a step names the release "older"', { step: 'shift', weights: { older: 10_000 } }],
    [
      'a step names the release "older"',
      { step: 'launch', release: 'older', instances: 1, ...ready },
    ],
    ['a step names the release "older"', { step: 'drain', release: 'older', ...drain }],
    ['a step names the release "older"', { step: 'stop', release: 'older', deadlineMs: 1 }],
    [
      'a step names the release "older"',
      { step: 'replace', release: 'older', replicas: 1, surge: 1, unavailable: 0, drain, ...ready },
    ],
  ])('where %s', (problem, step) => {
    const forward = refusalOf(() => checkPlan(planOf([bake, step]), full))
    expect(forward).toMatchObject({ code: 'CHANGEOVER_PLAN_INVALID', details: { problem } })
    const back = refusalOf(() => checkPlan(planOf([bake], [step]), full))
    expect(back.details).toStrictEqual(forward.details)
  })

  test('where a first deployment names a release before it', () => {
    const plan = { ...planOf([{ step: 'stop', release: 'old', deadlineMs: 1 }]), from: undefined }
    expect(refusalOf(() => checkPlan(plan, full))).toMatchObject({
      code: 'CHANGEOVER_PLAN_INVALID',
    })
  })
})
