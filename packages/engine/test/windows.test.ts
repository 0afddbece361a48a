import type { Step, WindowOptions } from '@changeover/engine'
import { virtualClock } from '@changeover/testing'
import {
  memoryFleet,
  memoryRouter,
  memoryStore,
  createEngine,
  type Engine,
} from '@changeover/engine'
import { describe, expect, test } from 'vitest'
import { flip } from './flip.ts'
import { request } from './stage.ts'

const HOUR_MS = 3_600_000
const BAKE: Step = { step: 'bake', durationMs: 2 * HOUR_MS }
const HOURS: WindowOptions = { from: '09:00', to: '17:00', timeZone: 'Europe/Berlin' }

function open(at: string) {
  const clock = virtualClock(Date.parse(at))
  const ports = {
    clock,
    fleet: memoryFleet({ clock }),
    router: memoryRouter({ clock }),
    store: memoryStore({ clock }),
  }
  const another = (): Engine => createEngine({ ...ports, leaseTtl: '10m' })
  return { ...ports, another, engine: another() }
}

async function begin(world: ReturnType<typeof open>, window: WindowOptions) {
  const { clock, engine } = world
  const first = await clock.run(engine.start(request('v1')))
  await clock.run(first.finished)
  return clock.run(engine.start(request('v2', { strategy: flip(BAKE), window })))
}

const hourOf = (ms: number): string =>
  new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin', timeStyle: 'short' }).format(ms)

async function kinds(world: ReturnType<typeof open>, id: string): Promise<string[]> {
  const types: string[] = []
  for await (const entry of world.store.read(id)) types.push(entry.type)
  return types
}

describe('a rollout with a window', () => {
  test('that starts too early begins its first step when the window opens', async () => {
    const world = open('2026-06-01T07:00:00+02:00')
    const rollout = await begin(world, { ...HOURS, onClose: 'finish' })
    await world.clock.advance(HOUR_MS)
    expect(await kinds(world, rollout.id)).not.toContain('step-started')
    await world.clock.advance(HOUR_MS + 60_000)
    expect(await kinds(world, rollout.id)).toContain('step-started')
    expect(await world.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('that finishes goes on when it closes', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const rollout = await begin(world, { ...HOURS, onClose: 'finish' })
    expect(await world.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(hourOf(world.clock.now())).toBe('18:00')
  })

  test('that holds stops the clock of its gate over night', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const rollout = await begin(world, HOURS)
    expect(await world.clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(hourOf(world.clock.now())).toBe('10:00')
    expect(await kinds(world, rollout.id)).toEqual(expect.arrayContaining(['closed', 'opened']))
  })

  test('that holds goes on holding after a crash of the engine', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const { clock, engine, another } = world
    await begin(world, HOURS)
    await clock.advance(3 * HOUR_MS)
    await clock.run(engine.close())
    await clock.advance(HOUR_MS)
    const [resumed] = await clock.run(another().resume())
    expect(await clock.run(resumed!.finished)).toMatchObject({ outcome: 'promoted' })
    expect(hourOf(clock.now())).toBe('10:00')
  })

  test('that is taken back says that its window closed', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const rollout = await begin(world, { ...HOURS, onClose: 'roll-back' })
    expect(await world.clock.run(rollout.finished)).toMatchObject({
      outcome: 'rolled-back',
      code: 'CHANGEOVER_WINDOW_CLOSED',
    })
    expect(hourOf(world.clock.now())).toBe('17:00')
  })

  test('that is held cannot be resumed by anybody, and is promoted by name', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const { clock } = world
    const rollout = await begin(world, HOURS)
    await clock.advance(3 * HOUR_MS)
    await expect(rollout.resume({ by: 'ada' })).rejects.toMatchObject({
      code: 'CHANGEOVER_COMMAND_REFUSED',
    })
    await clock.run(rollout.promote({ by: 'ada' }))
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
    expect(hourOf(clock.now())).toBe('19:00')
  })

  test('stays paused by a person when the window opens again', async () => {
    const world = open('2026-06-01T16:00:00+02:00')
    const { clock } = world
    const rollout = await begin(world, HOURS)
    await clock.advance(3 * HOUR_MS)
    await clock.run(rollout.pause({ by: 'ada' }))
    await clock.advance(18 * HOUR_MS)
    expect(await kinds(world, rollout.id)).not.toContain('finished')
    await clock.run(rollout.resume({ by: 'ada' }))
    expect(await clock.run(rollout.finished)).toMatchObject({ outcome: 'promoted' })
  })

  test('can be aborted while the window is closed', async () => {
    const world = open('2026-06-01T07:00:00+02:00')
    const rollout = await begin(world, HOURS)
    await world.clock.run(rollout.abort({ by: 'ada' }))
    await world.clock.advance(60_000)
    expect(await rollout.finished).toMatchObject({ outcome: 'rolled-back' })
    await world.clock.run(world.engine.close())
    expect(world.clock.sleepers).toBe(0)
  })

  test('waits until a freeze is over', async () => {
    const world = open('2026-12-24T10:00:00+01:00')
    const { clock, engine } = world
    const freezes = [
      { from: '2026-12-24T00:00:00+01:00', to: '2026-12-24T20:00:00+01:00', reason: 'holidays' },
    ]
    const rollout = await clock.run(engine.start(request('v1', { freezes })))
    expect(rollout.plan.window).toMatchObject({
      onClose: 'hold',
      freezes: [{ reason: 'holidays' }],
    })
    expect(JSON.parse(JSON.stringify(rollout.plan.window))).toEqual(rollout.plan.window)
    await clock.run(rollout.finished)
    expect(clock.now()).toBeGreaterThanOrEqual(Date.parse('2026-12-24T20:00:00+01:00'))
  })
})

test.each<[string, Partial<Parameters<typeof request>[1] & object>]>([
  ['no day', { window: { ...HOURS, days: [] } }],
  ['no such zone', { window: { ...HOURS, timeZone: 'Europe/Atlantis' } }],
  ['no such time', { window: { ...HOURS, from: '25:00' } }],
  ['no time at all', { window: { ...HOURS, from: '09:00', to: '09:00' } }],
  ['a freeze that ends before it begins', { freezes: [{ from: 2, to: 1, reason: 'x' }] }],
  [
    'a freeze without an offset',
    { freezes: [{ from: '2026-01-01T00:00:00', to: 9e15, reason: 'x' }] },
  ],
])('a window with %s is refused before anything is started', async (_, options) => {
  const { engine, store } = open('2026-06-01T10:00:00+02:00')
  await expect(engine.start(request('v1', options))).rejects.toMatchObject({
    code: 'CHANGEOVER_OPTION_INVALID',
  })
  expect(await store.rollouts()).toEqual([])
})
