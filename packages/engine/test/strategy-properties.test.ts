import {
  approve,
  bake,
  blueGreen,
  canary,
  type CanaryStep,
  ChangeoverError,
  compareRates,
  hook,
  judge,
  mirror,
  type Plan,
  rolling,
  route,
  type Strategy,
  weight,
} from '@changeover/engine'
import { simulate } from '@changeover/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planFor } from './strategy-maker.ts'

const percents = fc.integer({ min: 1, max: 10_000 }).map((points) => points / 100)
const steps: fc.Arbitrary<CanaryStep> = fc.oneof(
  { weight: 3, arbitrary: percents.map((percent) => weight(percent)) },
  fc.constantFrom(
    bake('1m'),
    judge({ errors: compareRates() }),
    approve('go'),
    hook('smoke'),
    route({ header: 'x-beta' }),
    mirror(5),
    weight(50, { rules: [], mirror: 0 }),
  ),
)
const gates = fc.array(
  fc.constantFrom(bake('1m'), judge({ errors: compareRates() }), approve('go')),
  { maxLength: 3 },
)
const strategies = fc.oneof(
  fc
    .record({
      steps: fc.array(steps, { maxLength: 7 }),
      scale: fc.constantFrom('proportional', 'full'),
    })
    .map((options) => () => canary(options)),
  fc
    .record({ steps: gates, keepOld: fc.nat(9), watch: fc.nat(9) })
    .map((options) => () => blueGreen(options)),
  fc
    .record({ gates, maxSurge: fc.nat(3), maxUnavailable: fc.nat(3) })
    .map((options) => () => rolling(options)),
)
const places = fc.record({
  replicas: fc.integer({ min: 1, max: 20 }),
  running: fc.nat(20),
  others: fc.constantFrom<Record<string, number>>({}, { third: 2 }),
})

/** The plan, or undefined where it was refused with a code; anything else that is thrown is a mistake. */
function planOrRefusal(
  make: () => Strategy,
  place: Parameters<typeof planFor>[1],
): Plan | undefined {
  try {
    return planFor(make(), place)
  } catch (error) {
    if (error instanceof ChangeoverError) return undefined
    throw error
  }
}

const weightsOf = (plan: Plan): Readonly<Record<string, number>>[] =>
  plan.steps.flatMap((step) => (step.step === 'shift' ? [step.weights] : []))

test('whatever the options, there is a coded refusal or a plan that is whole', () => {
  let plans = 0
  fc.assert(
    fc.property(strategies, places, (make, place) => {
      const plan = planOrRefusal(make, place)
      if (!plan) return
      plans += 1
      expect(JSON.parse(JSON.stringify(plan))).toStrictEqual(plan)
      for (const weights of weightsOf(plan)) {
        expect(Object.values(weights).reduce((sum, share) => sum + share, 0)).toBe(10_000)
      }
      const rising = weightsOf(plan).map((weights) => weights['new'] ?? 0)
      expect(rising).toStrictEqual(rising.toSorted((a, b) => a - b))
      const named = plan.steps.flatMap((step) => ('gate' in step ? [step.gate] : []))
      expect(new Set(named).size).toBe(named.length)
    }),
    { numRuns: 1_000 },
  )
  expect(plans).toBeGreaterThan(100)
})

test('the way back never gives the new release anything, and clears rules, affinity and mirror', () => {
  fc.assert(
    fc.property(strategies, places, (make, place) => {
      const back = planOrRefusal(make, place)?.rollback ?? []
      const shifts = back.filter(({ step }) => step === 'shift')
      const cleared = { step: 'shift', weights: { old: 10_000 } }
      expect(shifts).toStrictEqual(shifts.map(() => cleared))
      const raised = back.filter((step) => step.step === 'replace' || step.step === 'launch')
      expect(raised.map(({ release }) => release)).toStrictEqual(raised.map(() => 'old'))
    }),
    { numRuns: 300 },
  )
})

const quiet: fc.Arbitrary<CanaryStep> = fc.oneof(
  percents.map((percent) => weight(percent)),
  fc.constantFrom(bake('1m'), route({ header: 'x-beta' }), mirror(5)),
)

test('a plan carried out keeps its bounds and every rule, through a crash too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc
          .record({
            steps: fc.array(quiet, { minLength: 1, maxLength: 5 }),
            affinity: fc.constant({ cookie: 'uid' }),
          })
          .map((options) => () => canary(options)),
        fc.constant(() =>
          blueGreen({ preview: { header: 'x' }, steps: [bake('1m')], watch: '1m', keepOld: '2m' }),
        ),
        fc.constant(() => rolling({ gates: [bake('1m')], maxUnavailable: 1 })),
      ),
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 1, max: 60 }),
      async (make, replicas, crash) => {
        if (!planOrRefusal(make, { replicas, running: replicas })) return
        const world = { readyAfter: '2s', convergeAfter: '3s', drainAfter: '5s', stopAfter: '1s' }
        const run = await simulate({
          strategy: make(),
          replicas,
          world,
          faults: { crashAt: [crash] },
        })
        expect(run).toMatchObject({ outcome: 'promoted', violations: [] })
      },
    ),
    { numRuns: 40 },
  )
})
