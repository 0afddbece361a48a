import {
  canary,
  ChangeoverError,
  defineStrategy,
  rolling,
  type Step,
  type Strategy,
  weight,
} from '@changeover/engine'
import { simulate, type SimulationOptions } from '@changeover/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type * as PlannerModule from '../../engine/src/planner.ts'
import { seededRandom } from '../src/seeded-random.ts'
import { drawSimulation, pick } from './drawn-simulations.ts'

const PLANNER = '../../engine/src/planner.ts'
const DRAWS = 400

type Random = () => number

/** Steps that no plan can be carried out with. */
const hopelessSteps: readonly [Step, ...Step[]] = [
  { step: 'shift', weights: { new: 5_000, old: 4_999 } },
  { step: 'shift', weights: { new: 2_500.5, old: 7_499.5 } },
  { step: 'shift', weights: { elsewhere: 10_000 } },
  { step: 'shift', weights: { new: 0, old: 10_000 }, rules: [{ release: 'new' }] },
  { step: 'hook', name: 'nobody registered it', timeoutMs: 1_000, attempts: 1 },
  { step: 'approve', gate: 'nobody', quorum: 0 },
  {
    step: 'judge',
    gate: 'nothing',
    indicators: {},
    candidate: 'new',
    baseline: 'old',
    everyMs: 1_000,
    deadlineMs: 9_000,
  },
  { step: 'drain', release: 'elsewhere', deadlineMs: 1_000, onDeadline: 'force' },
  { step: 'stop', release: 'elsewhere', deadlineMs: 1_000 },
  { step: 'launch', release: 'elsewhere', instances: 1, minReadyMs: 0, readyWithinMs: 1_000 },
]

/** A good plan with one hopeless step somewhere in it, forward or back. */
function spoil(strategy: Strategy, random: Random): Strategy {
  const bad = pick(random, hopelessSteps)
  const back = random() < 0.3
  const insert = (steps: readonly Step[]): Step[] =>
    steps.toSpliced(Math.floor(random() * (steps.length + 1)), 0, bad)
  return defineStrategy({
    name: `spoilt ${strategy.name}`,
    plan: (context) => {
      const plan = strategy.plan(context)
      return back
        ? { ...plan, rollback: insert(plan.rollback) }
        : { ...plan, steps: insert(plan.steps) }
    },
  })
}

function drawHopeless(seed: number): SimulationOptions {
  const random = seededRandom(seed)
  const { supersede: _, ...options } = drawSimulation(random, seed)
  return { ...options, strategy: spoil(options.strategy ?? rolling(), random) }
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run()
    return 'it ran'
  } catch (error) {
    return error instanceof ChangeoverError ? error.code : String(error)
  }
}

test('a hopeless plan is refused before anything happens, and leaves no trace in journal, router and fleet', async () => {
  const codes = new Set<string>()
  for (let seed = 1; seed <= DRAWS; seed += 1)
    codes.add(await codeOf(() => simulate(drawHopeless(seed))))
  expect(codes).toEqual(new Set(['CHANGEOVER_PLAN_INVALID', 'CHANGEOVER_HOOK_UNKNOWN']))
})

test.each([
  ['that leaves nobody to serve', () => rolling({ maxSurge: 0, maxUnavailable: '100%' })],
  ['whose weights do not rise', () => canary({ steps: [weight(50), weight(10)] })],
])('a strategy %s is refused', async (_, make) => {
  const code = await codeOf(async () => simulate({ strategy: make(), replicas: 4 }))
  expect(code).toMatch(/^CHANGEOVER_((OPTION|PLAN)_INVALID|CAPACITY_NEVER_SERVES)$/)
})

describe('an engine that acts before it has checked the plan', () => {
  afterEach(() => {
    vi.doUnmock(PLANNER)
    vi.resetModules()
  })

  test('is caught', async () => {
    vi.resetModules()
    vi.doMock(PLANNER, async (original) => {
      const planner = await original<typeof PlannerModule>()
      const makePlan: (typeof PlannerModule)['makePlan'] = async (ports, store, request) => {
        const { service, release } = request
        await ports.fleet.launch({ id: 'too early', service, release, fence: 0 })
        return planner.makePlan(ports, store, request)
      }
      return { ...planner, makePlan }
    })
    const mutant = await import('@changeover/testing')
    await expect(mutant.simulate(drawHopeless(1))).rejects.toMatchObject({
      code: 'CHANGEOVER_SIMULATION_LOST',
      message: expect.stringMatching(/rule 14.* became /),
    })
  })
})
