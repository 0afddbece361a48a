import {
  type Metrics,
  type MigrationGuard,
  type Samples,
  type Step,
  type Strategy,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

async function end(stage: Stage, strategy: Strategy): Promise<{ outcome: string; code?: string }> {
  await stage.deploy('v1')
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  return stage.clock.run(rollout.finished)
}

const rolledBack = { outcome: 'rolled-back', code: 'CHANGEOVER_GATE_FAILED' }

describe('a plan of an own strategy', () => {
  test('launches, shifts, drains and stops', async () => {
    const stage = setStage()
    expect(await end(stage, flip())).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v2: 3 })
  })

  test('that ends before all traffic is on the new release is not promoted', async () => {
    const stage = setStage()
    const half = flip({ step: 'shift', weights: { v1: 5_000, v2: 5_000 } })
    const strategy: Strategy = {
      name: 'half',
      plan: (context) => {
        const plan = half.plan(context)
        return { ...plan, steps: plan.steps.slice(0, 2) }
      },
    }
    expect(await end(stage, strategy)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_END_NOT_REACHED',
    })
    expect(await stage.running()).toEqual({ v1: 3 })
  })
})

describe('an approval', () => {
  const gate: Step = { step: 'approve', gate: 'go', quorum: 2, expiresMs: 3_600_000 }

  test('waits for as many different people as the plan asks for', async () => {
    const { deploy, engine, clock, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2', { strategy: flip(gate) })))
    await clock.advance(60_000)
    await clock.run(rollout.approve({ gate: 'go', by: 'ada' }))
    await clock.run(rollout.approve({ gate: 'go', by: 'ada' }))
    await clock.advance(60_000)
    expect(await running()).toEqual({ v1: 3, v2: 3 })
    await clock.run(rollout.approve({ gate: 'go', by: 'bob' }))
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('that expires is inconclusive, and the rollout goes back', async () => {
    expect(await end(setStage(), flip(gate))).toMatchObject(rolledBack)
  })

  test('of a gate that the plan does not have is refused', async () => {
    const { engine, clock } = setStage()
    const rollout = await clock.run(engine.start(request('v1', { strategy: flip(gate) })))
    await expect(rollout.approve({ gate: 'stop', by: 'ada' })).rejects.toMatchObject({
      code: 'CHANGEOVER_GATE_UNKNOWN',
    })
    await clock.run(engine.close())
  })
})

describe('a hook', () => {
  const gate: Step = { step: 'hook', name: 'smoke', timeoutMs: 1_000, attempts: 3 }

  test('that is not registered is refused when the plan is made', async () => {
    const { engine } = setStage()
    await expect(engine.plan(request('v1', { strategy: flip(gate) }))).rejects.toMatchObject({
      code: 'CHANGEOVER_HOOK_UNKNOWN',
    })
  })

  test('is tried again with the same key until it resolves', async () => {
    const calls: string[] = []
    const smoke = async ({ key, attempt }: { key: string; attempt: number }): Promise<void> => {
      calls.push(key)
      if (attempt < 3) throw new Error('not yet')
    }
    const stage = setStage({ hooks: { smoke } })
    expect(await end(stage, flip(gate))).toMatchObject({ outcome: 'promoted' })
    expect(calls).toHaveLength(3)
    expect(new Set(calls).size).toBe(1)
  })

  test.each([
    ['always throws', () => Promise.reject(new Error('down'))],
    ['never answers', () => new Promise<void>(() => undefined)],
  ])('that %s is inconclusive, which never promotes', async (_, smoke) => {
    const stage = setStage({ hooks: { smoke } })
    expect(await end(stage, flip(gate))).toMatchObject(rolledBack)
    expect(await stage.running()).toEqual({ v1: 3 })
  })
})

describe('a judge', () => {
  const criterion = {
    kind: 'compare-rates',
    alpha: 0.01,
    beta: 0.05,
    tolerance: 1,
    ratioMax: 2,
  } as const
  const gate: Step = {
    step: 'judge',
    gate: 'errors',
    indicators: { errors: criterion },
    candidate: 'v2',
    baseline: 'v1',
    everyMs: 10_000,
    deadlineMs: 600_000,
  }

  /** Counts that grow with the number of looks. */
  function metrics(badPerLook: Record<string, number>): Metrics {
    const looks = new Map<string, number>()
    return {
      name: 'test',
      sample: async ({ release }) => {
        const count = (looks.get(release) ?? 0) + 1
        looks.set(release, count)
        const bad = (badPerLook[release] ?? 0) * count
        return { data: true, bad, total: 1_000 * count }
      },
    }
  }

  test.each([
    ['no worse than the baseline', { v1: 5, v2: 5 }, { outcome: 'promoted' }],
    ['four times worse', { v1: 5, v2: 20 }, rolledBack],
  ])('of a release that is %s decides on evidence', async (_, bad, expected) => {
    const stage = setStage({ metrics: metrics(bad) })
    expect(await end(stage, flip(gate))).toMatchObject(expected)
  })

  test.each<[string, Samples]>([
    ['no data', { data: false, reason: 'empty' }],
    ['NaN', { data: true, bad: Number.NaN, total: Number.NaN }],
    ['no traffic', { data: true, bad: 0, total: 0 }],
  ])('that sees %s is inconclusive, which never promotes', async (_, samples) => {
    const stage = setStage({ metrics: { name: 'test', sample: async () => samples } })
    expect(await end(stage, flip(gate))).toMatchObject(rolledBack)
  })

  test('without a metrics port is refused when the plan is made', async () => {
    const { engine } = setStage()
    await expect(engine.plan(request('v1', { strategy: flip(gate) }))).rejects.toMatchObject({
      code: 'CHANGEOVER_PORT_MISSING',
    })
  })
})

describe('a migration', () => {
  const gate: Step = { step: 'migrate', phase: 'expand' }
  const guard = (verdict: 'safe' | 'unsafe' | 'unknown'): MigrationGuard => ({
    check: async () => ({ verdict: 'safe', findings: [] }),
    apply: async () => ({ verdict, findings: ['drops a column that v1 reads'] }),
    floor: async () => undefined,
  })

  test.each([
    ['safe', { outcome: 'promoted' }],
    ['unsafe', { ...rolledBack, code: 'CHANGEOVER_MIGRATION_REFUSED' }],
    ['unknown', { ...rolledBack, code: 'CHANGEOVER_MIGRATION_REFUSED' }],
  ] as const)(
    'that the guard calls %s when it runs ends accordingly',
    async (verdict, expected) => {
      const stage = setStage({ migrations: guard(verdict) })
      expect(await end(stage, flip(gate))).toMatchObject(expected)
    },
  )
})

describe('a bake', () => {
  test('takes the time that it says, counted from its journaled start', async () => {
    const stage = setStage()
    await stage.deploy('v1')
    const began = stage.clock.now()
    const strategy = flip({ step: 'bake', durationMs: 3_600_000 })
    const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
    await stage.clock.advance(1_800_000)
    await stage.clock.run(stage.engine.close())
    const [resumed] = await stage.clock.run(stage.another().resume())
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({
      rollout: rollout.id,
      outcome: 'promoted',
    })
    expect(stage.clock.now() - began).toBeGreaterThanOrEqual(3_600_000)
    expect(stage.clock.now() - began).toBeLessThan(3_700_000)
  })
})
