import {
  approve,
  bake,
  boundRate,
  compareRates,
  judge,
  rolling,
  type RollingOptions,
} from '@changeover/engine'
import { simulate } from '@changeover/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isExchanged, nextMove, type WindowView } from '../src/window.ts'
import { refusalOf } from './refusal.ts'
import { planFor } from './strategy-maker.ts'

describe('a rolling update with gates', () => {
  const gates = [bake('5m'), judge({ errors: compareRates() }), approve('go')]

  test('brings in the first instance, passes the gates once, and exchanges the rest', () => {
    const { steps } = planFor(rolling({ gates }))
    const [first, , judged, , last] = steps
    expect(steps.map(({ step }) => step)).toStrictEqual([
      'replace',
      'bake',
      'judge',
      'approve',
      'replace',
    ])
    expect(first).toStrictEqual({ ...last, until: 1 })
    expect(last).toStrictEqual(planFor(rolling()).steps[0])
    expect(judged).toMatchObject({ gate: 'judge', candidate: 'new', baseline: 'old' })
  })

  test.each([
    ['25%', 3],
    ['1%', 1],
    ['100%', 10],
    [4, 4],
  ])('may have them after %s of ten', (gateAfter, until) => {
    expect(planFor(rolling({ gates, gateAfter })).steps[0]).toMatchObject({ until })
  })

  test('of a first release passes those that need no other one, after all instances are in place', () => {
    const bounded = judge({ errors: boundRate({ limit: 0.01 }) })
    const strategy = rolling({ gates: [...gates, bounded] })
    const plan = planFor(strategy, { from: undefined, running: 0 })
    expect(plan.steps.map(({ step }) => step)).toStrictEqual([
      'replace',
      'bake',
      'approve',
      'judge',
    ])
    expect(plan.steps[0]).not.toHaveProperty('until')
    expect(plan.warnings).toContain(
      'gate "judge" leaves out what it would compare with another release',
    )
  })

  test.each<[RollingOptions, string]>([
    [{ gateAfter: 2 }, 'rolling.gateAfter'],
    [{ gates: [approve('go'), approve('go')] }, 'rolling.gates.1'],
    [{ gates: [{ step: 'weight', weight: 5 } as never] }, 'rolling.gates.0.step'],
  ])('is refused with %j', (options, field) => {
    expect(refusalOf(() => rolling(options))).toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field },
    })
  })

  test.each([0, 11, '0%', '101%'])('is refused with gates after %s of ten', (gateAfter) => {
    expect(refusalOf(() => planFor(rolling({ gates, gateAfter })))).toMatchObject({
      code: 'CHANGEOVER_OPTION_INVALID',
      details: { field: 'rolling.gateAfter', value: gateAfter },
    })
  })

  test.each([
    [{ maxSurge: 1, maxUnavailable: 0 }, 1, [4, 1]],
    [{ maxSurge: 0, maxUnavailable: 1 }, 1, [3, 1]],
    [{ maxSurge: 0, maxUnavailable: 1 }, '50%', [2, 2]],
    [{ maxSurge: '100%', maxUnavailable: 0 }, 4, [4, 4]],
  ])(
    'runs with %j and gates after %s as %j during the gates',
    async (bounds, gateAfter, counts) => {
      const strategy = rolling({ ...bounds, gates: [bake('1h')], gateAfter })
      const run = await simulate({
        strategy,
        replicas: 4,
        world: { drainAfter: '5s', convergeAfter: '2s' },
      })
      expect(run).toMatchObject({ outcome: 'promoted', violations: [] })
      const begins = run.trace.findIndex(
        ({ at }, i) => (run.trace[i + 1]?.at ?? at) - at > 1_800_000,
      )
      const during = run.trace[begins]
      expect([during?.old, during?.new]).toStrictEqual(counts)
    },
  )
})

test('a window with an intermediate goal takes out no more than makes room for it, and gets there', () => {
  const counts = fc.integer({ min: 1, max: 12 })
  fc.assert(
    fc.property(
      counts,
      fc.nat(4),
      fc.nat(4),
      counts,
      counts,
      (replicas, surge, down, goal, old) => {
        const unavailable = Math.min(down, replicas - 1)
        fc.pre(surge + unavailable > 0 && goal <= replicas)
        const view = {
          replicas,
          surge,
          unavailable,
          until: goal,
          incoming: 0,
          incomingAvailable: 0,
          outgoing: old,
          outgoingAvailable: old,
          running: old,
        } satisfies WindowView
        const least = Math.min(old, replicas - unavailable)
        for (let moves = 0; !isExchanged(view); moves += 1) {
          expect(moves).toBeLessThan(100)
          const { launch, retire } = nextMove(view)
          expect(launch + retire).toBeGreaterThan(0)
          view.incoming += launch
          view.incomingAvailable += launch
          view.outgoing -= retire
          view.outgoingAvailable -= retire
          view.running += launch - retire
          expect(view.running).toBeLessThanOrEqual(Math.max(old, replicas + surge))
          expect(view.incomingAvailable + view.outgoingAvailable).toBeGreaterThanOrEqual(least)
        }
        expect(view.incoming).toBe(goal)
        expect(old - view.outgoing).toBe(Math.max(0, old + goal - replicas - surge))
      },
    ),
  )
})
