/** What is really so, whatever anybody was told. */
export interface Truth {
  readonly wasLaunched: (id: string) => boolean
  readonly wasReady: (id: string) => boolean
  readonly runs: (id: string) => boolean
  /** Whether requests ever followed this revision. */
  readonly follows: (revision: number) => boolean
}
