import { ChangeoverError, rolling } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { request, setStage, type Stage } from './stage.ts'

const BAD = 'v2-bad'

function stageWithBadRelease(): Stage {
  return setStage({
    fleetOptions: { readyAfterMs: ({ release }) => (release === BAD ? Infinity : 1_000) },
  })
}

describe('a rollout', () => {
  test('whose instances never get ready goes back by itself and says why', async () => {
    const { engine, clock, deploy, running, router } = stageWithBadRelease()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request(BAD)))
    const end = await clock.run(rollout.finished)
    expect(end).toMatchObject({ outcome: 'rolled-back', code: 'CHANGEOVER_NOT_READY' })
    expect(end.reason).toContain('it is still starting')
    expect(await running()).toEqual({ v1: 3 })
    const { table } = await router.observe('shop')
    expect(table?.pools.map(({ release }) => release)).toEqual(['v1'])
  })

  test('that went back leaves the release it had as the current one', async () => {
    const { deploy, running } = stageWithBadRelease()
    await deploy('v1')
    await deploy(BAD)
    expect(await deploy('v3')).toBe('promoted')
    expect(await running()).toEqual({ v3: 3 })
  })

  test('of a first release that never gets ready ends with nothing running and nothing routed', async () => {
    const { deploy, running, router } = stageWithBadRelease()
    expect(await deploy(BAD)).toBe('rolled-back')
    expect(await running()).toEqual({})
    expect((await router.observe('shop')).table?.pools ?? []).toEqual([])
  })

  test('never routes to an instance that did not get ready', async () => {
    const { deploy, engine, clock, entries } = stageWithBadRelease()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request(BAD)))
    await clock.run(rollout.finished)
    const tables = (await entries(rollout.id)).filter(({ type }) => type === 'routes-intended')
    expect(JSON.stringify(tables)).not.toContain(BAD)
  })

  test('is given up at once when a new instance ends by itself, with its last output', async () => {
    const { deploy, engine, clock, fleet, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(
      engine.start(request('v2', { strategy: rolling({ minReady: '1m', readyWithin: '5m' }) })),
    )
    await clock.advance(5_000)
    const fresh = (await fleet.list('shop')).find(({ release }) => release === 'v2')
    fleet.crash(fresh!.id)
    const end = await clock.run(rollout.finished)
    expect(end).toMatchObject({ outcome: 'rolled-back' })
    expect(end.reason).toContain('crashed')
    expect(await running()).toEqual({ v1: 3 })
  })

  test('goes on when an old instance ends by itself, and never takes out more than the window allows', async () => {
    const { deploy, engine, clock, fleet, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    const [old] = await fleet.list('shop')
    fleet.crash(old!.id)
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual({ v2: 3 })
  })

  test('that is aborted goes back to the release that it had, and names who did it', async () => {
    const { deploy, engine, clock, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    await clock.advance(1_500)
    await clock.run(rollout.abort({ by: 'ada', reason: 'wrong build' }))
    const end = await clock.run(rollout.finished)
    expect(end).toMatchObject({ outcome: 'rolled-back', code: 'CHANGEOVER_ABORTED' })
    expect(end.reason).toContain('ada')
    expect(await running()).toEqual({ v1: 3 })
    await expect(rollout.abort({ by: 'ada' })).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_FINISHED',
    })
  })

  test('whose way back fails too ends failed-safe, with nothing stopped that serves', async () => {
    let broken = false
    const { deploy, engine, clock, fleet, router } = setStage({
      fleetOptions: { readyAfterMs: () => (broken ? Infinity : 1_000) },
    })
    await deploy('v1')
    broken = true
    const rollout = await clock.run(engine.start(request('v2')))
    const old = (await fleet.list('shop')).find(({ release }) => release === 'v1')
    fleet.crash(old!.id)
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'failed-safe' })
    const { table } = await router.observe('shop')
    expect(table?.pools).toMatchObject([{ release: 'v1', weight: 10_000 }])
    expect(table?.pools[0]?.instances).toHaveLength(2)
  })
})

describe('engine.rollback', () => {
  test('goes back to the release before in one call', async () => {
    const { deploy, engine, clock, running } = setStage()
    await deploy('v1')
    await deploy('v2')
    const rollout = await clock.run(engine.rollback('shop', { by: 'ada' }))
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await running()).toEqual({ v1: 3 })
  })

  test('goes back to any recorded release', async () => {
    const { deploy, engine, clock, running } = setStage()
    for (const id of ['v1', 'v2', 'v3']) await deploy(id)
    const rollout = await clock.run(engine.rollback('shop', { by: 'ada', to: 'v1' }))
    await clock.run(rollout.finished)
    expect(await running()).toEqual({ v1: 3 })
  })

  test('turns a rollout under way back', async () => {
    const { deploy, engine, clock, running } = setStage()
    await deploy('v1')
    const rollout = await clock.run(engine.start(request('v2')))
    const same = await clock.run(engine.rollback('shop', { by: 'ada' }))
    expect(same.id).toBe(rollout.id)
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await running()).toEqual({ v1: 3 })
  })

  test.each([
    ['a release that nobody recorded', 'v9'],
    ['the current release', 'v2'],
    ['a release that never was healthy', BAD],
  ])('refuses %s and names those it could go back to', async (_, to) => {
    const { deploy, engine } = stageWithBadRelease()
    for (const id of ['v1', BAD, 'v2']) await deploy(id)
    const refused = engine.rollback('shop', { by: 'ada', to })
    await expect(refused).rejects.toBeInstanceOf(ChangeoverError)
    await expect(refused).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLBACK_IMPOSSIBLE',
      details: { releases: ['v1'] },
    })
  })
})
