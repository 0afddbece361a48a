import { afterEach, describe, expect, test, vi } from 'vitest'
import type * as NeedModule from '../../engine/src/repair-need.ts'
import type * as PlanModule from '../../engine/src/repair-plan.ts'
import type * as StarterModule from '../../engine/src/starter.ts'
import type { RepairCase } from './repair-simulation.ts'

const ENGINE = '../../engine/src'
const world = { readyAfter: '2s', stopAfter: '5s', convergeAfter: '10s' } as const
const base: RepairCase = {
  replicas: 3,
  world,
  disasters: [{ at: 1_000, disaster: 'loss' }],
  engines: [[]],
  seed: 1,
}
const suspended = Array.from({ length: 40 }, (_, i): RepairCase => {
  return { ...base, engines: [[{ stallsAt: i + 1, stallMs: 120_000 }], []] }
})

interface Mutant {
  readonly name: string
  readonly mutate: () => void
  readonly runs: readonly RepairCase[]
  readonly rule: RegExp
}

const mutants: readonly Mutant[] = [
  {
    name: 'acts on what it saw before somebody else repaired',
    mutate: () =>
      vi.doMock(`${ENGINE}/starter.ts`, async (original) => {
        return { ...(await original<typeof StarterModule>()), journalsOf: () => 'the same' }
      }),
    runs: suspended,
    rule: /what is well is repaired/,
  },
  {
    name: 'launches every instance anew',
    mutate: () =>
      vi.doMock(`${ENGINE}/repair-need.ts`, async (original) => {
        const { repairNeed } = await original<typeof NeedModule>()
        const all: typeof repairNeed = (sight, wish) => {
          const need = repairNeed(sight, wish)
          return need && { ...need, missing: 0, unready: wish.replicas }
        }
        return { repairNeed: all }
      }),
    runs: [base],
    rule: /rule 4, .* 3 run, 2 may/,
  },
  {
    name: 'leaves a router that has forgotten as it is',
    mutate: () =>
      vi.doMock(`${ENGINE}/repair-need.ts`, async (original) => {
        const { repairNeed } = await original<typeof NeedModule>()
        const blind: typeof repairNeed = (sight, wish) => {
          const need = repairNeed(sight, wish)
          return need && need.missing + need.unready > 0 ? { ...need, reroute: false } : undefined
        }
        return { repairNeed: blind }
      }),
    runs: [{ ...base, disasters: [{ at: 1_000, disaster: 'oblivion' }] }],
    rule: /the service is not what it should be/,
  },
  {
    name: 'gives up what it repairs',
    mutate: () =>
      vi.doMock(`${ENGINE}/repair-plan.ts`, async (original) => {
        const { planRepair } = await original<typeof PlanModule>()
        const ending: typeof planRepair = (context) => {
          const plan = planRepair(context)
          const [release, stop] = [plan.to.id, { step: 'stop', deadlineMs: 1_000 } as const]
          return { ...plan, steps: [{ ...stop, release }, ...plan.steps] }
        }
        return { planRepair: ending }
      }),
    runs: [base],
    rule: /the service is not what it should be/,
  },
]

afterEach(() => {
  for (const file of ['repair-need', 'repair-plan', 'starter']) vi.doUnmock(`${ENGINE}/${file}.ts`)
  vi.resetModules()
})

describe.each(mutants)('an engine that $name', ({ mutate, runs, rule }) => {
  test('is caught', async () => {
    mutate()
    expect((await violationsOf(runs)).join('\n')).toMatch(rule)
  })

  test('is caught for that alone: ours does nothing wrong in the same runs', async () => {
    expect(await violationsOf(runs)).toEqual([])
  })
})

async function violationsOf(runs: readonly RepairCase[]): Promise<string[]> {
  vi.resetModules()
  const { simulateRepair } = await import('./repair-simulation.ts')
  const found: string[] = []
  for (const options of runs)
    found.push(...(await simulateRepair({ ...options, patienceMs: 1_800_000 })).violations)
  return found
}
