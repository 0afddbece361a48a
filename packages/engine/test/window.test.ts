import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isExchanged, nextMove, type WindowView } from '../src/window.ts'

/** How many instances stand where. Nothing else is known of an outside that the window is moved over. */
interface Stand {
  /** New ones: launched, and available. */
  starting: number
  fresh: number
  /** Old ones: serving, on their way out, and those that are not available and go by themselves. */
  serving: number
  leaving: number
  broken: number
}

const bounds = fc
  .record({
    replicas: fc.integer({ min: 1, max: 12 }),
    surge: fc.nat(6),
    unavailable: fc.nat(12),
  })
  .filter(({ replicas, surge, unavailable }) => surge + unavailable > 0 && unavailable <= replicas)

const stands: fc.Arbitrary<Stand> = fc.record({
  starting: fc.nat(3),
  fresh: fc.nat(3),
  serving: fc.nat(15),
  leaving: fc.nat(3),
  broken: fc.nat(3),
})

describe('a window that slides over any outside', () => {
  test('never runs more than the replicas and the surge, never takes out what must serve, and always ends', () => {
    fc.assert(
      fc.property(bounds, stands, fc.infiniteStream(fc.nat()), (bounds, start, choices) => {
        const { replicas, surge, unavailable } = bounds
        const stand = { ...start }
        const most = Math.max(running(stand), replicas + surge)
        for (;;) {
          for (let move = step(stand, bounds); move.retire > 0 || move.launch > 0;) {
            const limit = move.launch > 0 ? replicas + surge : most
            const least = move.retire > 0 ? replicas - unavailable : 0
            expect(running(stand)).toBeLessThanOrEqual(limit)
            expect(stand.fresh + stand.serving).toBeGreaterThanOrEqual(least)
            move = step(stand, bounds)
          }
          if (!happen(stand, choices.next().value)) break
        }
        expect(isExchanged(viewOf(stand, bounds))).toBe(true)
        expect(stand).toStrictEqual({
          starting: 0,
          fresh: Math.max(replicas, start.starting + start.fresh),
          serving: 0,
          leaving: 0,
          broken: 0,
        })
      }),
      { numRuns: 3_000 },
    )
  })

  test('never asks for less than nothing', () => {
    const any = fc.nat(20)
    const views = fc.record({
      replicas: any,
      surge: any,
      unavailable: any,
      incoming: any,
      incomingAvailable: any,
      outgoing: any,
      outgoingAvailable: any,
      running: any,
    })
    fc.assert(
      fc.property(views, (view) => {
        const { launch, retire } = nextMove(view)
        expect(Math.min(launch, retire)).toBe(0)
        expect(retire).toBeLessThanOrEqual(view.outgoingAvailable)
      }),
    )
  })
})

describe('a window of ten replicas with surge 3 and unavailable 2', () => {
  const view: WindowView = {
    replicas: 10,
    surge: 3,
    unavailable: 2,
    incoming: 0,
    incomingAvailable: 0,
    outgoing: 10,
    outgoingAvailable: 10,
    running: 10,
  }

  test.each<[string, Partial<WindowView>, ReturnType<typeof nextMove>]>([
    ['launches first', {}, { launch: 3, retire: 0 }],
    ['then takes out what may be missing', { incoming: 3, running: 13 }, { launch: 0, retire: 2 }],
    [
      'takes out one more for each that is available',
      { incoming: 3, incomingAvailable: 3, running: 13 },
      { launch: 0, retire: 5 },
    ],
    [
      'waits for those that stop, since they still run',
      { incoming: 3, outgoing: 10, outgoingAvailable: 8, running: 13 },
      { launch: 0, retire: 0 },
    ],
    [
      'does nothing when all is exchanged',
      { incoming: 10, incomingAvailable: 10, outgoing: 0, outgoingAvailable: 0, running: 10 },
      { launch: 0, retire: 0 },
    ],
  ])('%s', (_, change, move) => {
    expect(nextMove({ ...view, ...change })).toStrictEqual(move)
  })

  test('is not exchanged while an old instance stops, or a new one is not available', () => {
    const done = { ...view, incoming: 10, incomingAvailable: 10, outgoing: 0, outgoingAvailable: 0 }
    expect(isExchanged(done)).toBe(true)
    expect(isExchanged({ ...done, outgoing: 1 })).toBe(false)
    expect(isExchanged({ ...done, incomingAvailable: 9 })).toBe(false)
  })
})

type Bounds = Pick<WindowView, 'replicas' | 'surge' | 'unavailable'>

function running({ starting, fresh, serving, leaving, broken }: Stand): number {
  return starting + fresh + serving + leaving + broken
}

function viewOf(stand: Stand, bounds: Bounds): WindowView {
  const { starting, fresh, serving, leaving, broken } = stand
  return {
    ...bounds,
    incoming: starting + fresh,
    incomingAvailable: fresh,
    outgoing: serving + leaving + broken,
    outgoingAvailable: serving,
    running: running(stand),
  }
}

/** Carries out the next move. */
function step(stand: Stand, bounds: Bounds): ReturnType<typeof nextMove> {
  const move = nextMove(viewOf(stand, bounds))
  stand.starting += move.launch
  stand.serving -= move.retire
  stand.leaving += move.retire
  return move
}

/** Lets one thing happen that can: an instance gets ready, or one ends. False where nothing can. */
function happen(stand: Stand, choice: number): boolean {
  const possible = (['starting', 'leaving', 'broken'] as const).filter((kind) => stand[kind] > 0)
  const kind = possible[choice % possible.length]
  if (kind === undefined) return false
  stand[kind] -= 1
  if (kind === 'starting') stand.fresh += 1
  return true
}
