/** One running copy of a release. */
export interface Instance {
  /** Unique for ever; chosen by the engine before the launch, so that a launch can be repeated safely. */
  readonly id: string
  readonly service: string
  /** Id of the release that it runs. */
  readonly release: string
  /** Where the router reaches it: `host:port`. */
  readonly address: string
}
