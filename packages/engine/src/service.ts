/** What users call. It has one current release: the one that the last promoted rollout left in place. */
export interface Service {
  readonly name: string
  readonly current: string | undefined
}
