import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CountedRelease } from '../src/runtime-reply.ts'
import { trafficOf } from '../src/traffic.ts'

test('what is neither answered nor in flight got no answer, and counts as bad', () => {
  const shown = [{ release: 'v1', inFlight: 2, counters: [100, 95, 4, 7] }]
  expect(trafficOf(shown, shown, new Map(), [300])).toEqual({
    v1: { total: 100, bad: 7, slow: { '300': 7 } },
  })
})

test('bad is never more than there was, nor less than before, whatever happens between two looks', () => {
  const event = fc.constantFrom('begin', 'answer', 'fail', 'lose')
  const events = fc.array(fc.tuple(event, fc.boolean(), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(events, (happens) => {
      const world = { begun: 0, answered: 0, failed: 0, lost: 0 }
      const known = new Map<string, number>()
      let before = shown(world)
      let bad = 0
      for (const [what, looks, again] of happens) {
        const inFlight = world.begun - world.answered - world.lost
        if (what === 'begin') world.begun += 1
        else if (inFlight > 0) {
          if (what === 'lose') world.lost += 1
          else world.answered += 1
          if (what === 'fail') world.failed += 1
        }
        if (again) before = shown(world)
        if (!looks) continue
        const v1 = trafficOf(before, shown(world), known, [])['v1']
        expect(v1!.bad).toBeLessThanOrEqual(world.failed + world.lost)
        expect(v1!.bad).toBeGreaterThanOrEqual(bad)
        bad = v1!.bad
      }
      const quiet = shown(world)
      expect(trafficOf(quiet, quiet, known, [])['v1']!.bad).toBe(world.failed + world.lost)
    }),
  )
})

test('an HAProxy that started anew counts from nothing', () => {
  const known = new Map<string, number>()
  const before = [{ release: 'v1', inFlight: 0, counters: [100, 90, 0] }]
  trafficOf(before, before, known, [])
  const anew = [{ release: 'v1', inFlight: 0, counters: [3, 3, 0] }]
  expect(trafficOf(anew, anew, known, [])['v1']).toMatchObject({ total: 3, bad: 0 })
})

function shown(world: {
  begun: number
  answered: number
  failed: number
  lost: number
}): readonly CountedRelease[] {
  const { begun, answered, failed, lost } = world
  return [{ release: 'v1', inFlight: begun - answered - lost, counters: [begun, answered, failed] }]
}
