import { refuse } from './changeover-error.ts'

export interface CohortRequest {
  /** Makes the cohorts of two rollouts independent of each other: the rollout's id. */
  readonly salt: string
  /** What identifies the user: always the same side for the same key. */
  readonly key: string
  /** 0 to 100, decimals allowed. */
  readonly percent: number
}

/**
 * Whether a user belongs to the first `percent` percent. Monotone: who is in at 10 stays in at every higher percent.
 *
 * Salt, a zero byte and the key go through FNV-1a and murmur3's finaliser: without the avalanche short sequential ids
 * come out uneven, and with the salt behind the key every release would get the same cohort.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * inCohort({ salt: rollout.id, key: userId, percent: 10 })
 * ```
 */
export function inCohort({ salt, key, percent }: CohortRequest): boolean {
  if (!(percent >= 0 && percent <= 100)) {
    throw refuse('CHANGEOVER_OPTION_INVALID', {
      field: 'percent',
      value: percent,
      problem: 'it is not between 0 and 100',
      remedy: 'Give a percentage from 0 to 100.',
    })
  }
  return bucket(`${salt}\0${key}`) * 100 < percent * 2 ** 32
}

function bucket(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
