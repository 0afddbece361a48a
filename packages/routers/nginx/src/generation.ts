import type { NginxProcess } from './processes.ts'

/** Workers that began with one configuration, and the instances that they may send requests to. */
export interface Generation {
  /** Of the configuration. */
  readonly digest: string
  readonly workers: readonly NginxProcess[]
  readonly instances: readonly string[]
}
