import { type Entry, refuse, type Rollout, type Step, type Store } from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

const HOUR_MS = 3_600_000
const BAKE: Step = { step: 'bake', durationMs: HOUR_MS }
const APPROVE: Step = { step: 'approve', gate: 'go', quorum: 1, expiresMs: HOUR_MS }
const ada = { by: 'ada' }

/** Two engines on one store; the first one leads a rollout. */
async function begin(stage: Stage, ...gates: Step[]) {
  await stage.deploy('v1')
  const led = await stage.clock.run(
    stage.engine.start(request('v2', { strategy: flip(...gates), by: 'eve' })),
  )
  await stage.clock.advance(5_000)
  const other = stage.another()
  const found = await stage.clock.run(other.rollout(led.id))
  return { led, other, found }
}

function gather(rollout: Rollout): Entry[] {
  const seen: Entry[] = []
  void (async () => {
    for await (const entry of rollout.events()) seen.push(entry)
  })()
  return seen
}

describe('a rollout that another engine leads', () => {
  test('is followed in the journal to its end', async () => {
    const stage = setStage()
    const { led, found } = await begin(stage, BAKE)
    const seen = gather(found)
    await stage.clock.advance(1_000)
    expect(seen.map(({ type }) => type)).toContain('step-started')
    const before = seen.length
    await stage.clock.run(led.finished)
    await stage.clock.advance(1_000)
    expect(seen.length).toBeGreaterThan(before)
    expect(seen).toEqual(await stage.entries(led.id))
    expect(await found.finished).toMatchObject({ outcome: 'promoted', rollout: led.id })
  })

  test('is followed once, however often it is asked for, and read from the store bit by bit', async () => {
    let entries = 0
    const stage = setStage()
    const { led } = await begin(stage, BAKE)
    const store: Store = {
      ...stage.store,
      async *read(id, options) {
        for await (const entry of stage.store.read(id, options)) {
          entries += 1
          yield entry
        }
      },
    }
    const third = stage.another({ store })
    const handles = [await third.rollout(led.id), await third.rollout(led.id)]
    await stage.clock.run(led.finished)
    await Promise.all(handles.map(({ finished }) => finished))
    const { length } = await stage.entries(led.id)
    expect(entries).toBe(length)
  })

  test.each(['pause', 'promote', 'abort', 'rollback'] as const)(
    'takes %s from here, under the name of who asked',
    async (name) => {
      const stage = setStage()
      const { led, found } = await begin(stage, BAKE)
      await stage.clock.run(found[name]({ ...ada, reason: 'because' }))
      expect(await stage.entries(led.id)).toContainEqual(
        expect.objectContaining({ type: 'commanded', command: name, by: 'ada', reason: 'because' }),
      )
      if (name === 'pause') await stage.clock.run(found.resume(ada))
      const outcome = name === 'abort' || name === 'rollback' ? 'rolled-back' : 'promoted'
      expect(await stage.clock.run(found.finished)).toMatchObject({ outcome })
      expect(await stage.clock.run(led.finished)).toMatchObject({ outcome })
    },
  )

  test('is approved from here, by the same rules as there', async () => {
    const stage = setStage()
    const { led, found } = await begin(stage, { ...APPROVE, notRequester: true })
    await expect(stage.clock.run(found.approve({ gate: 'no', by: 'ada' }))).rejects.toMatchObject({
      code: 'CHANGEOVER_GATE_UNKNOWN',
      message: expect.stringContaining('"no"'),
    })
    await expect(stage.clock.run(found.approve({ gate: 'go', by: 'eve' }))).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
      message: expect.stringContaining('"eve"'),
    })
    await stage.clock.run(found.approve({ gate: 'go', by: 'ada' }))
    expect(await stage.clock.run(led.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('takes a command id once, however often it is sent', async () => {
    const stage = setStage()
    const { led, found } = await begin(stage, BAKE)
    const wish = { ...ada, id: 'one' }
    await stage.clock.run(Promise.all([found.pause(wish), found.pause(wish)]))
    await stage.clock.run(found.pause(wish))
    const commands = (await stage.entries(led.id)).filter(({ type }) => type === 'commanded')
    expect(commands).toHaveLength(1)
    await stage.clock.run(stage.engine.close())
  })

  test('refuses commands when it has ended, also one that was under way', async () => {
    const stage = setStage()
    const { led, found } = await begin(stage, BAKE)
    await stage.clock.run(led.finished)
    await stage.clock.run(found.finished)
    await expect(found.pause(ada)).rejects.toMatchObject({ code: 'CHANGEOVER_ROLLOUT_FINISHED' })
  })

  test('is taken back by engine.rollback of another engine', async () => {
    const stage = setStage()
    const { led, other } = await begin(stage, BAKE)
    const back = await stage.clock.run(other.rollback('shop', ada))
    expect(back.id).toBe(led.id)
    expect(await stage.clock.run(back.finished)).toMatchObject({ outcome: 'rolled-back' })
    expect(await stage.running()).toEqual({ v1: 3 })
  })
})

describe('a rollout that nobody leads for a while', () => {
  test('takes no command, and none that was withdrawn is taken later', async () => {
    const stage = setStage()
    const { led, other, found } = await begin(stage, BAKE)
    await stage.clock.run(stage.engine.close())
    const aborting = stage.clock.run(found.abort(ada))
    await expect(aborting).rejects.toMatchObject({ code: 'CHANGEOVER_COMMAND_REFUSED' })
    const [resumed] = await stage.clock.run(other.resume())
    expect(await stage.clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    const types = (await stage.entries(led.id)).map(({ type }) => type)
    expect(types).not.toContain('commanded')
  })

  test('takes a command as soon as the next engine leads', async () => {
    const stage = setStage()
    const { found, other } = await begin(stage, BAKE)
    await stage.clock.run(stage.engine.close())
    const aborting = found.abort(ada)
    const third = stage.another()
    await stage.clock.run(third.resume())
    await stage.clock.run(aborting)
    expect(await stage.clock.run(found.finished)).toMatchObject({ outcome: 'rolled-back' })
    await other.close()
  })

  test('goes on being followed by whoever takes it over', async () => {
    const stage = setStage()
    const { led, found, other } = await begin(stage, BAKE)
    const seen = gather(found)
    await stage.clock.run(stage.engine.close())
    await stage.clock.run(other.resume())
    expect(await stage.clock.run(found.finished)).toMatchObject({ outcome: 'promoted' })
    expect(seen).toEqual(await stage.entries(led.id))
  })
})

test('an engine that leads nothing takes no commands, and listens to nobody', async () => {
  let receiving = 0
  const stage = setStage()
  const store: Store = {
    ...stage.store,
    receive(handle) {
      receiving += 1
      const stop = stage.store.receive?.(handle)
      return () => {
        receiving -= 1
        stop?.()
      }
    },
  }
  const engine = stage.another({ store })
  expect(receiving).toBe(0)
  const gate = flip(BAKE)
  const shop = await stage.clock.run(engine.start(request('v1', { strategy: gate })))
  await stage.clock.run(engine.start(request('v1', { service: 'mail', strategy: gate })))
  expect(receiving).toBe(1)
  await stage.clock.run(shop.promote(ada))
  await stage.clock.run(shop.finished)
  expect(receiving).toBe(1)
  await stage.clock.run(engine.close())
  expect(receiving).toBe(0)
})

describe('following', () => {
  test('ends with the engine, and leaves nobody waiting', async () => {
    const stage = setStage()
    const { led, other, found } = await begin(stage, BAKE)
    const events = found.events()
    await stage.clock.run(other.close())
    expect(await found.finished).toMatchObject({
      outcome: 'interrupted',
      code: 'CHANGEOVER_ENGINE_CLOSED',
    })
    for await (const entry of events) expect(entry.rollout).toBe(led.id)
    await expect(found.pause(ada)).rejects.toMatchObject({ code: 'CHANGEOVER_ENGINE_CLOSED' })
    await expect(other.rollout(led.id)).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
    })
    expect(await stage.clock.run(led.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('goes on when the store could not be read for a while', async () => {
    const stage = setStage()
    const { led } = await begin(stage, BAKE)
    let failures = 0
    let broken = false
    const store: Store = {
      ...stage.store,
      read(id, options) {
        if (!broken) return stage.store.read(id, options)
        failures += 1
        throw new Error('gone for a moment')
      },
    }
    const found = await stage.another({ store }).rollout(led.id)
    broken = true
    await stage.clock.run(led.promote(ada))
    await stage.clock.run(led.finished)
    await stage.clock.advance(3_000)
    broken = false
    expect(failures).toBeGreaterThan(1)
    expect(await stage.clock.run(found.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('ends where the journal turns out to be damaged', async () => {
    const stage = setStage()
    const { led } = await begin(stage, BAKE)
    let damaged = false
    const store: Store = {
      ...stage.store,
      read(id, options) {
        if (!damaged) return stage.store.read(id, options)
        const where = { rollout: id, seq: 3, offset: 0, problem: 'a test', path: 'memory' }
        throw refuse('CHANGEOVER_JOURNAL_CORRUPT', where)
      },
    }
    const found = await stage.another({ store }).rollout(led.id)
    damaged = true
    await stage.clock.run(led.promote(ada))
    expect(await stage.clock.run(found.finished)).toMatchObject({
      outcome: 'interrupted',
      code: 'CHANGEOVER_JOURNAL_CORRUPT',
    })
    await stage.clock.run(led.finished)
  })
})
