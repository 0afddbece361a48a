import { refuse } from './changeover-error.ts'
import type { PlannedCapacity } from './plan.ts'

/** A number of instances, or a percentage of the replicas such as `'25%'`. */
export type Share = number | string

export interface CapacityRequest {
  /** How many instances the service wants. */
  readonly replicas: number
  /** How many may run beyond the replicas; a percentage is rounded up. */
  readonly maxSurge: Share
  /** How many may be missing from the replicas; a percentage is rounded down. */
  readonly maxUnavailable: Share
}

/** The bounds within which releases are exchanged. */
export interface Capacity extends PlannedCapacity {
  readonly surge: number
  readonly unavailable: number
}

/**
 * How many instances may run, and how many must serve, while releases are exchanged.
 *
 * Surge is rounded up and unavailable down; where both come to zero nothing could ever move, so unavailable is 1
 * (the rule of the Kubernetes Deployment controller).
 *
 * @throws ChangeoverError `CHANGEOVER_CAPACITY_INVALID`
 * @example
 * ```ts
 * capacity({ replicas: 10, maxSurge: '25%', maxUnavailable: '25%' })
 * // { surge: 3, unavailable: 2, maxTotal: 13, minAvailable: 8 }
 * ```
 */
export function capacity({ replicas, maxSurge, maxUnavailable }: CapacityRequest): Capacity {
  checkReplicas(replicas)
  const surge = resolveShare(maxSurge, replicas, 'maxSurge', Math.ceil)
  const down = Math.min(
    replicas,
    resolveShare(maxUnavailable, replicas, 'maxUnavailable', Math.floor),
  )
  const unavailable = surge === 0 && down === 0 ? 1 : down
  return { surge, unavailable, maxTotal: replicas + surge, minAvailable: replicas - unavailable }
}

export interface ReplicaSplitRequest {
  readonly replicas: number
  /** Percent of the traffic that the canary should get, 0 to 100. */
  readonly weight: number
  readonly maxSurge: Share
}

/**
 * How many instances of each side come nearest to a weight where the router cannot weigh: ties go up, and neither side
 * gets none or all of them unless asked to, as long as there is room for both.
 *
 * @throws ChangeoverError `CHANGEOVER_CAPACITY_INVALID`
 * @example
 * ```ts
 * splitReplicas({ replicas: 10, weight: 15, maxSurge: 0 }) // { canary: 2, stable: 8 }
 * ```
 */
export function splitReplicas({ replicas, weight, maxSurge }: ReplicaSplitRequest): {
  canary: number
  stable: number
} {
  checkReplicas(replicas)
  if (!(weight >= 0 && weight <= 100)) throw invalid('weight', weight)
  if (weight === 0) return { canary: 0, stable: replicas }
  if (weight === 100) return { canary: replicas, stable: 0 }
  const room = replicas + resolveShare(maxSurge, replicas, 'maxSurge', Math.ceil)
  const nearest = Math.round((replicas * weight) / 100)
  const canary = room < 2 ? nearest : Math.min(Math.max(nearest, 1), room - 1)
  const rest = Math.max(Math.round((replicas * (100 - weight)) / 100), 1)
  return { canary, stable: Math.min(rest, room - canary) }
}

/** How many instances a share is, rounded up. @throws ChangeoverError `CHANGEOVER_CAPACITY_INVALID` */
export function roundedUp(share: Share, replicas: number, field: string): number {
  return resolveShare(share, replicas, field, Math.ceil)
}

function resolveShare(
  share: Share,
  replicas: number,
  field: string,
  round: (value: number) => number,
): number {
  const percent = typeof share === 'string' ? /^(\d{1,4})(?:\.(\d{1,4}))?%$/.exec(share) : null
  if (percent) {
    const [, whole = '', decimals = ''] = percent
    // One division of whole numbers: 0.07% of 10,000 is exactly 7 and not rounded up to 8.
    return round((replicas * Number(whole + decimals)) / 10 ** (decimals.length + 2))
  }
  if (typeof share === 'number' && Number.isInteger(share) && share >= 0) return share
  throw invalid(field, share)
}

function checkReplicas(replicas: number): void {
  if (!Number.isInteger(replicas) || replicas < 1) throw invalid('replicas', replicas)
}

function invalid(field: string, value: unknown): Error {
  return refuse('CHANGEOVER_CAPACITY_INVALID', { field, value })
}
