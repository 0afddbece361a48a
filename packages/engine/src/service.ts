import type { Release } from './release.ts'

/** What users call. It has one current release: the one that the last finished rollout left in place. */
export interface Service {
  readonly name: string
  /** Undefined before the first release, and where the store knows nothing of the service. */
  readonly current: Release | undefined
  /** Id of the rollout that is under way. */
  readonly rollout: string | undefined
}
