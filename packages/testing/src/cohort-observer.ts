import { inCohort, type RouteTable } from '@changeover/engine'

/** Users that are asked for at every table. */
const USERS = Array.from({ length: 40 }, (_, n) => `user ${n}`)

/** Where a user was seen: at these weights, in basis points. */
interface Sightings {
  lowestIn: number
  highestOut: number
}

/**
 * Checks that tables which keep users on their side really do: whoever got the new release at a weight gets it at the same
 * and at every higher one.
 */
export function watchCohorts(
  violate: (rule: number, what: string) => void,
): (table: RouteTable, rollout: object) => void {
  /** Every rollout has users of its own, even one that repeats another. */
  const canaries = new WeakMap<object, Map<string, Sightings>>()
  return ({ affinity, pools }, rollout) => {
    if (!affinity) return
    const { release, salt } = affinity
    const seen = canaries.get(rollout) ?? new Map<string, Sightings>()
    canaries.set(rollout, seen)
    const weight = pools.find((pool) => pool.release === release)?.weight ?? 0
    for (const user of USERS) {
      const key = `${release} ${user}`
      const known = seen.get(key) ?? { lowestIn: Infinity, highestOut: -Infinity }
      seen.set(key, known)
      const inside = inCohort({ salt, key: user, percent: weight / 100 })
      if (inside && weight <= known.highestOut)
        violate(11, `${user} gets ${release} at ${weight}, and did not at ${known.highestOut}`)
      if (!inside && weight >= known.lowestIn)
        violate(11, `${user} does not get ${release} at ${weight}, and did at ${known.lowestIn}`)
      if (inside) known.lowestIn = Math.min(known.lowestIn, weight)
      else known.highestOut = Math.max(known.highestOut, weight)
    }
  }
}
