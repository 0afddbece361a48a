import {
  blueGreen,
  createEngine,
  memoryFleet,
  memoryRouter,
  memoryStore,
  type Plan,
  proportionalWeights,
  rolling,
  type RouterCapabilities,
  type Step,
  type Strategy,
  systemClock,
} from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPlan, type PlanFacts } from '../src/check-plan.ts'
import { type ExchangeCounts, exchangeProblem, routingWarnings } from '../src/check-routing.ts'
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

describe('an exchange a few at a time, whose weights go by counts', () => {
  const drain = { deadlineMs: 1, onDeadline: 'force' } as const
  const exchange = (release: string): Step => ({
    step: 'replace',
    release,
    replicas: 2,
    surge: 1,
    unavailable: 0,
    minReadyMs: 0,
    readyWithinMs: 1,
    drain,
  })
  const [forward, back] = [planOf([exchange('new')]), planOf([], [exchange('old')])]
  const coarse: RouterCapabilities = { granularity: 100 }
  const check = (plan: Plan, facts: PlanFacts): unknown =>
    checkPlan({ ...plan, steps: plan.steps.length > 0 ? plan.steps : plan.rollback }, ports, facts)

  test.each<[string, Plan, PlanFacts]>([
    ['forward', forward, { router: coarse }],
    ['on the way back', back, { router: coarse }],
    ['from fewer instances', forward, { router: coarse, running: 1 }],
    ['from what others left behind', forward, { router: coarse, running: 0, others: ['third'] }],
    [
      'in steps that do not even make a half',
      { ...forward, replicas: 1, capacity: { maxTotal: 2, minAvailable: 1 } },
      { router: { granularity: 10_000 } },
    ],
  ])('is refused where the router weighs in coarser steps: %s', (_, plan, facts) => {
    const refusal = refusalOf(() => check(plan, facts))
    expect(refusal.code).toBe('CHANGEOVER_CAPABILITY_MISSING')
    expect(refusal.message).toContain('it weighs in steps of 1')
    expect(refusal.message).toContain('Use blueGreen(), or canary() with weights')
  })

  test.each<[string, Plan, PlanFacts]>([
    ['the router weighs in the finest steps', forward, { router: {} }],
    ['nothing serves beside it', forward, { router: coarse, running: 0 }],
    ['it is a first deployment', { ...forward, from: undefined }, { router: coarse }],
    [
      'one instance takes over from one: a half is all that it needs',
      { ...forward, replicas: 1, capacity: { maxTotal: 2, minAvailable: 1 } },
      { router: coarse },
    ],
  ])('is accepted where %s', (_, plan, facts) => {
    expect(() => check(plan, facts)).not.toThrow()
  })

  /** Every table on the way of any such exchange, however many instances it loses. */
  test('is refused just where one of its tables has a weight that the router cannot represent', () => {
    const divisors = [1, 2, 4, 5, 8, 10, 16, 20, 25, 50, 100, 500, 1_000, 2_500, 5_000, 10_000]
    fc.assert(
      fc.property(
        fc.constantFrom(...divisors),
        fc.record({
          incoming: fc.nat(9),
          outgoing: fc.nat(9),
          total: fc.integer({ min: 1, max: 12 }),
        }),
        (granularity, counts) => {
          const needed = mixesOf(counts).flatMap((mix) => proportionalWeights(mix))
          const refused = exchangeProblem(counts, { granularity }) !== undefined
          expect(refused).toBe(needed.some((weight) => weight % granularity !== 0))
        },
      ),
    )
  })
})

test('rolling() on a router that weighs in whole percents is refused before anything is started', async () => {
  const router = memoryRouter()
  const engine = createEngine({
    router: { ...router, probe: async () => ({ ...(await router.probe()), granularity: 100 }) },
    fleet: memoryFleet(),
    store: memoryStore(),
  })
  const deploy = (n: number, strategy: Strategy) =>
    engine.start({
      service: 'shop',
      release: { id: `v${n}`, version: `${n}.0.0`, spec: {} },
      replicas: 3,
      strategy,
    })
  expect(await (await deploy(1, rolling())).finished).toMatchObject({ outcome: 'promoted' })
  await expect(deploy(2, rolling())).rejects.toMatchObject({
    code: 'CHANGEOVER_CAPABILITY_MISSING',
  })
  expect(await (await deploy(2, blueGreen({ keepOld: 0 }))).finished).toMatchObject({
    outcome: 'promoted',
  })
  await engine.close()
})

/** Instances of either side that may serve at one moment, with at least one of each unless it is the first or the last. */
function mixesOf({ incoming, outgoing, total }: ExchangeCounts): [number, number][] {
  const mixes: [number, number][] = [[1, 0]]
  for (let there = 1; there <= incoming; there += 1)
    for (let here = 1; here <= outgoing && here + there <= total; here += 1)
      mixes.push([there, here])
  return mixes
}

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
