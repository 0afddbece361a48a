import { type Entry, type Rollout, rolling, type Step, type Store } from '@changeover/engine'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

const HOUR_MS = 3_600_000
const BAKE: Step = { step: 'bake', durationMs: HOUR_MS }
const APPROVE: Step = { step: 'approve', gate: 'go', quorum: 1, expiresMs: HOUR_MS }
const ada = { by: 'ada' }

async function begin(stage: Stage, ...gates: Step[]): Promise<Rollout> {
  await stage.deploy('v1')
  const rollout = await stage.clock.run(
    stage.engine.start(request('v2', { strategy: flip(...gates), by: 'eve' })),
  )
  await stage.clock.advance(5_000)
  return rollout
}

/** The store without what engines tell each other through it. */
function unshared(store: Store): Store {
  const shared = new Set(['watch', 'send', 'receive'])
  const calls = Object.entries(store).filter(([name]) => !shared.has(name))
  return Object.fromEntries(calls) as unknown as Store
}

async function types(stage: Stage, rollout: Rollout): Promise<string[]> {
  return (await stage.entries(rollout.id)).map(({ type }) => type)
}

describe('pause', () => {
  test.each<[string, Step]>([
    ['a bake', BAKE],
    ['an approval that expires', APPROVE],
  ])('stops the clock of %s', async (_, gate) => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, gate)
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.advance(5 * HOUR_MS)
    expect(await stage.running()).toEqual({ v1: 3, v2: 3 })
    await stage.clock.run(rollout.resume(ada))
    await stage.clock.advance(HOUR_MS / 2)
    expect(await stage.running()).toEqual({ v1: 3, v2: 3 })
    await stage.clock.run(rollout.finished)
  })

  test('survives a restart, and so does the time that was left', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    await stage.clock.advance(HOUR_MS / 2)
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.run(stage.engine.close())
    await stage.clock.advance(10 * HOUR_MS)
    const [resumed] = await stage.clock.run(stage.another().resume())
    await stage.clock.advance(10 * HOUR_MS)
    expect(await stage.running()).toEqual({ v1: 3, v2: 3 })
    const resumedAt = stage.clock.now()
    await stage.clock.run(resumed!.resume(ada))
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    const leftMs = stage.clock.now() - resumedAt
    expect(leftMs).toBeGreaterThan(HOUR_MS / 2 - 60_000)
    expect(leftMs).toBeLessThan(HOUR_MS / 2 + 60_000)
  })

  test('while a release is coming up gives it no less time to get ready', async () => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ release }) => (release === 'v2' ? 600_000 : 0) },
    })
    const rollout = await begin(stage, { step: 'bake', durationMs: 1 })
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.advance(590_000)
    await stage.clock.run(rollout.resume(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('lets a hook under way end, counts its time no further, and calls none anew', async () => {
    let calls = 0
    const smoke = async (): Promise<void> => {
      calls += 1
      await stage.clock.sleep(1_000_000)
      throw new Error('not yet')
    }
    const stage: Stage = setStage({ hooks: { smoke } })
    const rollout = await begin(stage, {
      step: 'hook',
      name: 'smoke',
      timeoutMs: 10_000,
      attempts: 2,
    })
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.advance(HOUR_MS)
    expect(calls).toBe(1)
    await stage.clock.run(rollout.resume(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(calls).toBe(2)
  })

  test('of a replace begins nothing new', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    await stage.deploy('v1')
    const rollout = await stage.clock.run(
      stage.engine.start(request('v2', { strategy: rolling({ minReady: '10s' }) })),
    )
    await stage.clock.advance(2_000)
    await stage.clock.run(rollout.pause(ada))
    const before = (await types(stage, rollout)).filter((type) => type === 'launch-intended')
    await stage.clock.advance(HOUR_MS)
    const after = await types(stage, rollout)
    expect(after.filter((type) => type === 'launch-intended')).toEqual(before)
    expect(after).not.toContain('stop-intended')
    await stage.clock.run(rollout.resume(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('lets nobody wait who gives the release up', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.run(rollout.abort(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_ABORTED',
    })
    expect(await stage.running()).toEqual({ v1: 3 })
  })
})

describe('resume', () => {
  test('twice changes nothing more', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    await stage.clock.run(rollout.pause(ada))
    await stage.clock.run(rollout.resume(ada))
    await stage.clock.run(rollout.resume(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('tries a gate anew that holds, with all of its time', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, { ...APPROVE, onInconclusive: 'hold' })
    await stage.clock.advance(2 * HOUR_MS)
    expect(await types(stage, rollout)).toContain('held')
    await stage.clock.run(rollout.resume(ada))
    await stage.clock.advance(HOUR_MS / 2)
    expect(await stage.running()).toEqual({ v1: 3, v2: 3 })
    await stage.clock.run(rollout.approve({ gate: 'go', by: 'bob' }))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })
})

describe('promote', () => {
  const gates: Step[] = [BAKE, APPROVE, { ...APPROVE, gate: 'held', onInconclusive: 'hold' }]

  test.each(gates)('ends %o, under the name of who asked', async (gate) => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, gate)
    const before = stage.clock.now()
    await stage.clock.run(rollout.promote(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(stage.clock.now() - before).toBeLessThan(60_000)
    const entries = await stage.entries(rollout.id)
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'commanded', command: 'promote', by: 'ada' }),
    )
  })

  test('passes a gate that already holds', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, { ...APPROVE, onInconclusive: 'hold' })
    await stage.clock.advance(2 * HOUR_MS)
    await stage.clock.run(rollout.promote(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('does not wait for a hook that never answers', async () => {
    const stage = setStage({ hooks: { smoke: () => new Promise(() => undefined) } })
    const rollout = await begin(stage, {
      step: 'hook',
      name: 'smoke',
      timeoutMs: HOUR_MS,
      attempts: 3,
    })
    await stage.clock.run(rollout.promote(ada))
    await stage.clock.advance(60_000)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('never overrides safety: what is not ready is not promoted', async () => {
    const stage = setStage({
      fleetOptions: { readyAfterMs: ({ release }) => (release === 'v2' ? Infinity : 0) },
    })
    const rollout = await begin(stage, BAKE)
    await stage.clock.run(rollout.promote(ada))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_NOT_READY',
    })
  })
})

describe('a command', () => {
  test('with an id that was seen changes nothing, even at the same instant', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    const pause = { by: 'ada', id: 'pause-1' }
    await stage.clock.run(Promise.all([rollout.pause(pause), rollout.pause(pause)]))
    await stage.clock.run(rollout.resume(ada))
    await stage.clock.run(rollout.pause(pause))
    const entries = await stage.entries(rollout.id)
    expect(
      entries.filter((entry) => entry.type === 'commanded' && entry.id === 'pause-1'),
    ).toHaveLength(1)
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('is refused for a rollout that has ended, and changes nothing', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage)
    await stage.clock.run(rollout.finished)
    const before = await stage.entries(rollout.id)
    const found = await stage.engine.rollout(rollout.id)
    for (const handle of [rollout, found]) {
      for (const name of ['pause', 'resume', 'promote', 'abort', 'rollback'] as const) {
        await expect(handle[name](ada)).rejects.toMatchObject({
          code: 'CHANGEOVER_ROLLOUT_FINISHED',
        })
      }
    }
    expect(await stage.entries(rollout.id)).toEqual(before)
  })

  test.each(['pause', 'resume', 'promote'] as const)(
    '%s is refused on the way back',
    async (name) => {
      const stage = setStage({ leaseTtl: '10m' })
      const rollout = await begin(stage, BAKE)
      await stage.clock.run(rollout.abort(ada))
      await expect(stage.clock.run(rollout[name](ada))).rejects.toMatchObject({
        code: 'CHANGEOVER_COMMAND_REFUSED',
      })
      await stage.clock.run(rollout.finished)
    },
  )

  test('is refused where this engine has let go', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    await stage.clock.run(stage.engine.close())
    await expect(rollout.pause(ada)).rejects.toMatchObject({ code: 'CHANGEOVER_COMMAND_REFUSED' })
  })

  test('approve is refused to whoever asked for the rollout, where the gate says so', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, { ...APPROVE, notRequester: true })
    await expect(rollout.approve({ gate: 'go', by: 'eve' })).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
    })
    await stage.clock.run(rollout.approve({ gate: 'go', by: 'bob' }))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })
})

describe('engine.rollout', () => {
  test('finds what it leads', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage, BAKE)
    const found = await stage.engine.rollout(rollout.id)
    await stage.clock.run(found.pause(ada))
    expect(await types(stage, rollout)).toContain('commanded')
    await stage.clock.run(stage.engine.close())
  })

  test('answers with the end of what has ended, and its journal', async () => {
    const stage = setStage({ leaseTtl: '10m' })
    const rollout = await begin(stage)
    await stage.clock.run(rollout.finished)
    const found = await stage.another().rollout(rollout.id)
    expect(await found.finished).toMatchObject({ outcome: 'promoted' })
    const seen: Entry[] = []
    for await (const entry of found.events()) seen.push(entry)
    expect(seen).toEqual(await stage.entries(rollout.id))
  })

  test('refuses what nobody knows, and names who leads what it does not', async () => {
    const stage = setStage({ holder: 'first' })
    await expect(stage.engine.rollout('nothing')).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_UNKNOWN',
    })
    const rollout = await begin(stage, BAKE)
    const second = stage.another({ holder: 'second', store: unshared(stage.store) })
    await expect(second.rollout(rollout.id)).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
      message: expect.stringContaining('"first"'),
    })
    await stage.clock.run(stage.engine.close())
  })
})

test('pauses at any moments change nothing of what is done, in which order', async () => {
  const plain = await effects([])
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ after: fc.nat(8_000), lasting: fc.nat(100_000) }), { maxLength: 5 }),
      async (pauses) => {
        expect(await effects(pauses)).toEqual(plain)
      },
    ),
    { numRuns: 40 },
  )
})

async function effects(pauses: readonly { after: number; lasting: number }[]): Promise<unknown[]> {
  let made = 0
  const stage = setStage({ newId: (prefix) => `${prefix}-${(made += 1)}` })
  await stage.deploy('v1')
  const strategy = flip({ step: 'bake', durationMs: 3_000 })
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy })))
  for (const { after, lasting } of pauses) {
    await stage.clock.advance(after)
    await stage.clock.run(rollout.pause(ada).catch(() => undefined))
    await stage.clock.advance(lasting)
    await stage.clock.run(rollout.resume(ada).catch(() => undefined))
  }
  expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  return (await stage.entries(rollout.id))
    .filter(({ type }) => EFFECTS.has(type))
    .map((entry) => [entry.type, 'id' in entry && entry.id, 'pools' in entry && entry.pools])
}

const EFFECTS = new Set(['launch-intended', 'routes-intended', 'stop-intended', 'finished'])
