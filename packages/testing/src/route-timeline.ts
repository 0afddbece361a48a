import type { Clock, RouteTable } from '@changeover/engine'
import { routedIds } from './routed-ids.ts'

interface Placement {
  readonly at: number
  readonly table: RouteTable | undefined
}

/** Which table requests followed, follow and will follow. */
export interface RouteTimeline {
  /** The table becomes effective after the lag. */
  readonly place: (table: RouteTable) => void
  /** Nothing is effective any more, and all requests have ended. */
  readonly forget: () => void
  /** Lets tables become effective whose time has come, and gives the one that is. */
  readonly settle: () => RouteTable | undefined
  readonly isConverged: () => boolean
  readonly routed: (id: string) => boolean
  readonly leftForMs: (id: string) => number
  /** When the last request of an instance ends, as far as the tables tell now. */
  readonly emptyAt: (id: string) => number
  readonly followed: (revision: number) => boolean
  /** When a revision becomes, or became, effective. */
  readonly dueAt: (revision: number) => number | undefined
  /** When tables become effective that are not yet. */
  readonly changes: () => readonly number[]
  readonly share: (release: string, since: number) => number
}

export interface RouteTimelineOptions {
  readonly clock: Clock
  readonly convergeAfterMs: number
  readonly drainAfterMs: number
}

export function routeTimeline(options: RouteTimelineOptions): RouteTimeline {
  const { clock, convergeAfterMs, drainAfterMs } = options
  /** Every table that was or will be effective. */
  const placements: Placement[] = []
  const leftAt = new Map<string, number>()
  let current = -1

  function settle(): RouteTable | undefined {
    for (;;) {
      const next = placements[current + 1]
      const before = placements[current]?.table
      if (!next || next.at > clock.now()) return before
      current += 1
      for (const id of routedIds(before)) {
        if (!routedIds(next.table).has(id)) leftAt.set(id, next.at)
      }
    }
  }
  const past = (): Placement[] => {
    settle()
    return placements.slice(0, current + 1)
  }
  const routed = (id: string): boolean => {
    settle()
    return placements.slice(Math.max(0, current)).some(({ table }) => routedIds(table).has(id))
  }
  const left = (id: string): number => leftAt.get(id) ?? -Infinity

  return {
    settle,
    routed,
    place(table) {
      placements.push({ at: clock.now() + convergeAfterMs, table })
      settle()
    },
    forget() {
      settle()
      placements.splice(current + 1)
      placements.push({ at: clock.now(), table: undefined })
      settle()
      leftAt.clear()
    },
    isConverged: () => past().length === placements.length,
    leftForMs: (id) => (routed(id) ? 0 : clock.now() - left(id)),
    emptyAt: (id) => (routed(id) ? Infinity : left(id) + drainAfterMs),
    followed: (revision) => past().some(({ table }) => table?.revision === revision),
    dueAt: (revision) => placements.findLast(({ table }) => table?.revision === revision)?.at,
    changes: () => placements.slice(past().length).map(({ at }) => at),
    share: (release, since) => shareOf(past(), release, since, clock.now()),
  }
}

/** Seconds of all traffic that a release got. Pure. */
function shareOf(past: readonly Placement[], release: string, since: number, now: number): number {
  return past.reduce((sum, { at, table }, i) => {
    const weight = table?.pools.find((pool) => pool.release === release)?.weight ?? 0
    const untilMs = past[i + 1]?.at ?? now
    return sum + (Math.max(0, untilMs - Math.max(at, since)) / 1_000) * (weight / 10_000)
  }, 0)
}
