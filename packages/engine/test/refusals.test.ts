import { type Entry, foldJournal, type Rollout, type Step } from '@changeover/engine'
import { describe, expect, test, vi } from 'vitest'
import { flip } from './flip.ts'
import { request, setStage, type Stage } from './stage.ts'

const GO: Step = { step: 'approve', gate: 'go', quorum: 1, notRequester: true }

/** A rollout that `eve` asked for, and that waits for somebody else's approval. */
async function waiting(): Promise<{ stage: Stage; rollout: Rollout }> {
  const stage = setStage({ leaseTtl: '10m' })
  await stage.deploy('v1')
  const strategy = flip(GO)
  const rollout = await stage.clock.run(stage.engine.start(request('v2', { strategy, by: 'eve' })))
  await stage.clock.advance(5_000)
  return { stage, rollout }
}

async function refusals(stage: Stage, { id }: Rollout) {
  const entries = await stage.entries(id)
  return entries.filter(
    (entry): entry is Extract<Entry, { type: 'refused' }> => entry.type === 'refused',
  )
}

describe('a command that the leading engine refuses', () => {
  test.each([
    ['go', 'eve', 'CHANGEOVER_COMMAND_REFUSED'],
    ['stop', 'bob', 'CHANGEOVER_GATE_UNKNOWN'],
  ])('is journaled with its actor: approval of %s by %s', async (gate, by, code) => {
    const { stage, rollout } = await waiting()
    const refused = await rollout.approve({ gate, by }).then(
      () => undefined,
      (error: unknown) => error as Error,
    )
    expect(refused).toMatchObject({ code })
    expect(await refusals(stage, rollout)).toMatchObject([
      { type: 'refused', command: 'approve', by, gate, code, reason: refused?.message },
    ])
    await stage.clock.run(rollout.approve({ gate: 'go', by: 'bob' }))
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(await stage.engine.verify(rollout.id)).toMatchObject({ ok: true })
  })

  test('changes nothing but the count of refusals', async () => {
    const { stage, rollout } = await waiting()
    const before = foldJournal(await stage.entries(rollout.id))
    await rollout.approve({ gate: 'go', by: 'eve' }).catch(() => undefined)
    const { lastEntry, ...after } = foldJournal(await stage.entries(rollout.id))
    expect(lastEntry.type).toBe('refused')
    expect(after).toEqual({ ...before, refusals: 1, lastEntry: undefined })
    await stage.clock.run(stage.engine.close())
  })

  test('is journaled on the way back too', async () => {
    const { stage, rollout } = await waiting()
    await stage.clock.run(rollout.abort({ by: 'ada' }))
    await stage.clock.advance(60)
    await expect(rollout.promote({ by: 'bob' })).rejects.toThrow('on its way back')
    expect(await refusals(stage, rollout)).toMatchObject([{ command: 'promote', by: 'bob' }])
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'rolled-back' })
  })

  test('is journaled once for each step, whoever leads and however often it is asked', async () => {
    const { stage, rollout } = await waiting()
    for (let n = 0; n < 5; n += 1)
      await rollout.approve({ gate: 'go', by: 'eve' }).catch(() => undefined)
    expect(await refusals(stage, rollout)).toHaveLength(1)
    await stage.clock.run(stage.engine.close())
  })

  test('fills no journal: a hundred of them are the most, after a restart too', async () => {
    const { stage, rollout } = await waiting()
    const flood = async (one: Rollout, from: number): Promise<void> => {
      for (let n = from; n < from + 80; n += 1)
        await one.approve({ gate: 'x'.repeat(50_000), by: `visitor ${n}` }).catch(() => undefined)
    }
    await flood(rollout, 0)
    await stage.clock.run(stage.engine.close())
    const [resumed] = await stage.clock.run(stage.another().resume())
    await flood(resumed!, 80)
    const all = await refusals(stage, rollout)
    expect(all).toHaveLength(100)
    expect(Buffer.byteLength(JSON.stringify(all))).toBeLessThan(300_000)
    await stage.clock.run(resumed!.approve({ gate: 'go', by: 'bob' }))
    await stage.clock.run(resumed!.finished)
  })

  test('is refused with its own error where the journal cannot be written', async () => {
    const { stage, rollout } = await waiting()
    const append = vi.spyOn(stage.store, 'append').mockRejectedValue(new Error('the disk is full'))
    await expect(rollout.approve({ gate: 'go', by: 'eve' })).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
    })
    expect(await stage.clock.run(rollout.finished)).toMatchObject({ outcome: 'interrupted' })
    append.mockRestore()
  })

  test('is not journaled after the end', async () => {
    const { stage, rollout } = await waiting()
    await stage.clock.run(rollout.approve({ gate: 'go', by: 'bob' }))
    await stage.clock.run(rollout.finished)
    await expect(rollout.approve({ gate: 'go', by: 'eve' })).rejects.toMatchObject({
      code: 'CHANGEOVER_ROLLOUT_FINISHED',
    })
    expect((await stage.entries(rollout.id)).at(-1)?.type).toBe('finished')
  })
})
