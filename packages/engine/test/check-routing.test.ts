import {
  memoryFleet,
  memoryRouter,
  type RouterCapabilities,
  type Step,
  systemClock,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { checkPlan } from '../src/check-plan.ts'
import { routingWarnings } from '../src/check-routing.ts'
import type { Ports } from '../src/run.ts'
import { planOf } from './plan-maker.ts'
import { refusalOf } from './refusal.ts'

const ports: Ports = {
  router: memoryRouter(),
  fleet: memoryFleet(),
  clock: systemClock(),
  metrics: undefined,
  migrations: undefined,
  hooks: {},
}
const able: RouterCapabilities = { rules: true, affinity: true, mirror: true }
const weights = { old: 9_950, new: 50 }
const marked: Step = { step: 'shift', weights, rules: [{ release: 'new', header: 'x' }] }
const sticky: Step = { step: 'shift', weights, affinity: { release: 'new', cookie: 'uid' } }
const copied: Step = { step: 'shift', weights, mirror: { release: 'new', weight: 100 } }

describe('a plan that the router cannot put in force as it is written is refused:', () => {
  test.each<[string, Step, RouterCapabilities, string]>([
    [
      'too fine a weight',
      { step: 'shift', weights },
      { granularity: 100 },
      'it weighs in steps of 1%',
    ],
    ['a rule', marked, { ...able, rules: false }, 'header or cookie'],
    ['a mirror', copied, { ...able, mirror: false }, 'it cannot copy requests'],
    ['affinity', sticky, { ...able, affinity: false }, 'it cannot keep users on one side'],
    ['affinity of connections', sticky, { ...able, split: 'connection' }, 'it splits connections'],
  ])('%s', (_, step, router, problem) => {
    const refusal = refusalOf(() => checkPlan(planOf([step]), ports, { router }))
    expect(refusal.code).toBe('CHANGEOVER_CAPABILITY_MISSING')
    expect(refusal.details).toHaveProperty('problem', expect.stringContaining(problem))
    expect(() => checkPlan(planOf([step]), ports, { router: able })).not.toThrow()
  })
})

test.each<[string, Step]>([
  ['names "third"', { step: 'shift', weights, rules: [{ release: 'third', header: 'x' }] }],
  ['exactly one of header and cookie', { step: 'shift', weights, affinity: { release: 'new' } }],
])('a shift whose rule or affinity %s is refused on any router', (problem, step) => {
  const refusal = refusalOf(() => checkPlan(planOf([step]), ports, { router: able }))
  expect(refusal.code).toBe('CHANGEOVER_PLAN_INVALID')
  expect(refusal.message).toContain(problem)
})

test('two gates of one name are refused in any plan, since an approval would count for both', () => {
  const approve: Step = { step: 'approve', gate: 'go', quorum: 1 }
  const refusal = refusalOf(() => checkPlan(planOf([approve, approve]), ports))
  expect(refusal.message).toContain('two gates are named "go"')
})

test('only instances that really run beside the two releases may be ended by a plan', () => {
  const plan = planOf([{ step: 'stop', release: 'third', deadlineMs: 1 }])
  expect(() => checkPlan(plan, ports, { others: ['third'] })).not.toThrow()
  expect(refusalOf(() => checkPlan(plan, ports)).message).toContain('names the release "third"')
})

test('a router that splits connections is warned of where traffic is split, and only there', () => {
  const whole: Step = { step: 'shift', weights: { new: 10_000 } }
  expect(routingWarnings([copied], { split: 'connection' })).toHaveLength(1)
  expect(routingWarnings([whole], { split: 'connection' })).toStrictEqual([])
  expect(routingWarnings([copied], {})).toStrictEqual([])
})
