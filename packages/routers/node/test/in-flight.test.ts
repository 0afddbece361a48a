import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inFlightCounts } from '../src/in-flight.ts'

describe('the counts of requests in flight', () => {
  test('forget an instance that is neither routed nor busy', () => {
    const counts = inFlightCounts()
    counts.route(new Set(['a']))
    const a = counts.of('a')
    counts.enter(a)
    counts.route(new Set())
    expect(counts.of('a')).toBe(a)
    counts.leave(a)
    expect(counts.of('a')).not.toBe(a)
  })

  test('say of each instance what entered and did not leave, and are idle only when nothing more can come', () => {
    const id = fc.constantFrom('a', 'b', 'c')
    const step = fc.oneof(
      fc.record({ do: fc.constant('enter' as const), id }),
      fc.record({ do: fc.constant('leave' as const), id }),
      fc.record({ do: fc.constant('route' as const), ids: fc.uniqueArray(id) }),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const counts = inFlightCounts()
        const open: ReturnType<typeof counts.of>[] = []
        let routed: string[] = []
        for (const one of steps) {
          if (one.do === 'route') counts.route(new Set((routed = one.ids)))
          if (one.do === 'enter' && routed.includes(one.id)) {
            open.push(counts.of(one.id))
            counts.enter(counts.of(one.id))
          }
          const at = one.do === 'leave' ? open.findIndex((count) => count.instance === one.id) : -1
          for (const count of at < 0 ? [] : open.splice(at, 1)) counts.leave(count)
          for (const name of ['a', 'b', 'c']) {
            const active = open.filter((count) => count.instance === name).length
            const idle = active === 0 && !routed.includes(name)
            expect(counts.left([name])).toEqual({ active, idle, longLived: 0 })
          }
          expect(counts.active).toBe(open.length)
        }
      }),
    )
  })
})
