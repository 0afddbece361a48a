import {
  type Affinity,
  FULL_WEIGHT,
  inCohort,
  type RouteRule,
  type RouteTable,
} from '@changeover/engine'
import type { RawHeaders } from './headers.ts'
import { fromWire, markReader, toWire } from './request-marks.ts'
import { type Lane, laneOf, onlyLane, type RoutedPool } from './routed-pool.ts'

/** The lane that a request's marks lead to; undefined where they decide nothing, and the weights do. */
export type Steering = (raw: RawHeaders) => Lane | undefined

/** Releases that requests can reach whatever their weight is. */
export function steeredReleases({ rules = [], affinity }: RouteTable): ReadonlySet<string> {
  return new Set([...rules, ...(affinity ? [affinity] : [])].map(({ release }) => release))
}

/** Compiles the rules and the affinity of a table; undefined where it has none. */
export function compileSteering(
  { rules = [], affinity }: RouteTable,
  pools: readonly RoutedPool[],
  phase: number,
): Steering | undefined {
  if (rules.length === 0 && !affinity) return undefined
  const byRule = rules.map((rule) => ruleSteering(rule, onlyLane(pools, rule.release)))
  const byCohort = affinity ? [cohortSteering(affinity, pools, phase)] : []
  const inOrder = [...byRule, ...byCohort]
  return (raw) => {
    for (const steer of inOrder) {
      const lane = steer(raw)
      if (lane) return lane
    }
    return undefined
  }
}

function ruleSteering({ value, ...place }: RouteRule, lane: Lane): Steering {
  const read = markReader(place)
  const wanted = value === undefined ? undefined : toWire(value)
  return (raw) => {
    const mark = read(raw)
    return mark !== undefined && (wanted === undefined || mark === wanted) ? lane : undefined
  }
}

/** An empty mark is none: all who were signed out would be one and the same user. */
function cohortSteering(
  { release, salt, ...place }: Affinity,
  pools: readonly RoutedPool[],
  phase: number,
): Steering {
  const read = markReader(place)
  const inside = onlyLane(pools, release)
  const outside = laneOf(
    pools.filter((pool) => pool.release !== release),
    phase,
  )
  const percent = (inside.pools[0]?.weight ?? 0) / (FULL_WEIGHT / 100)
  return (raw) => {
    const mark = read(raw)
    if (mark === undefined || mark === '') return undefined
    return inCohort({ salt, key: fromWire(mark), percent }) ? inside : outside
  }
}
