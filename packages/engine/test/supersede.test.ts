import { rolling, type Rollout, type Step } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flip, flipAround } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

const BAKE: Step = { step: 'bake', durationMs: 3_600_000 }
const HALF: Step = { step: 'shift', weights: { v1: 5_000, v2: 5_000 } }

async function begin(stage: Stage, strategy = flip(HALF, BAKE)): Promise<Rollout> {
  await stage.deploy('v1')
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  await stage.clock.advance(10_000)
  return rollout
}

const newer = (id: string) => request(id, { supersede: true, by: 'ada' })

describe('a newer release', () => {
  test('is refused while a rollout is under way, unless it supersedes', async () => {
    const stage = setStage()
    const rollout = await begin(stage)
    await expect(stage.clock.run(stage.engine.start(request('v3')))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_RUNNING',
    })
    await stage.clock.run(rollout.finished)
  })

  test('takes back one that has only part of the traffic, and says for which release', async () => {
    const stage = setStage()
    const rollout = await begin(stage)
    const next = await stage.clock.run(stage.engine.start(newer('v3')))
    const end = await rollout.finished
    expect(end).toMatchObject({ outcome: 'rolled-back' })
    expect(end.reason).toContain('superseded by v3')
    expect(next.plan.from?.id).toBe('v1')
    expect(await stage.clock.run(next.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v3: 3 })
  })

  test('promotes one early that has all traffic', async () => {
    const stage = setStage()
    const rollout = await begin(stage, flipAround([], [BAKE]))
    const next = await stage.clock.run(stage.engine.start(newer('v3')))
    expect(await rollout.finished).toMatchObject({ outcome: 'promoted' })
    expect(next.plan.from?.id).toBe('v2')
    expect(await stage.clock.run(next.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v3: 3 })
  })

  test('waits for one that is on its way back', async () => {
    const stage = setStage()
    const rollout = await begin(stage)
    await stage.clock.run(rollout.abort({ by: 'bob' }))
    const next = await stage.clock.run(stage.engine.start(newer('v3')))
    expect(await rollout.finished).toMatchObject({ code: 'CHANGEOVER_ABORTED' })
    expect(await stage.clock.run(next.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('with nothing under way starts as any other', async () => {
    const stage = setStage()
    const next = await stage.clock.run(stage.engine.start(newer('v1')))
    expect(await stage.clock.run(next.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('that comes at the same instant as another one follows it: one rollout at a time', async () => {
    const stage = setStage()
    await begin(stage)
    const [third, fourth] = await stage.clock.run(
      Promise.all([stage.engine.start(newer('v3')), stage.engine.start(newer('v4'))]),
    )
    expect(await third.finished).toMatchObject({ outcome: 'rolled-back' })
    expect(await stage.clock.run(fourth.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.running()).toEqual({ v4: 3 })
  })

  test('cannot end what another engine leads', async () => {
    const stage = setStage()
    const rollout = await begin(stage)
    await expect(stage.clock.run(stage.another().start(newer('v3')))).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_RUNNING',
    })
    await stage.clock.run(rollout.finished)
  })
})

test('of two starts at the same instant one is refused', async () => {
  const stage = setStage()
  const answers = await stage.clock.run(
    Promise.allSettled(['v1', 'v2'].map((id) => stage.engine.start(request(id)))),
  )
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(answers[1]).toMatchObject({ reason: { code: 'CHANGEOVER_ROLLOUT_RUNNING' } })
  await stage.clock.advance(60_000)
  expect(await stage.running()).toEqual({ v1: 3 })
})

test('of starts by two engines at the same instant, none carries out a plan that is out of date', async () => {
  const stage = setStage()
  await stage.deploy('v1')
  const engines = [stage.engine, stage.another()]
  const answers = await stage.clock.run(
    Promise.allSettled(
      engines.map((engine, i) =>
        engine.start(request(`v${i + 2}`, { strategy: rolling({ minReady: 0 }) })),
      ),
    ),
  )
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  await stage.clock.advance(120_000)
  expect(Object.keys(await stage.running())).toHaveLength(1)
})
