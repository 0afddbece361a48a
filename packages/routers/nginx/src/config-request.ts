import type { RouteTable } from '@changeover/engine'
import type { RouterMode } from './options.ts'
import type { UpstreamSettings } from './upstream-config.ts'

/** What a service's file is made from. */
export interface ConfigRequest {
  readonly mode: RouterMode
  readonly table: RouteTable
  /** Where the file and what belongs to it lie. */
  readonly directory: string
  /** Where nginx tells which file it runs with. */
  readonly control: string
  readonly upstream: UpstreamSettings
  /** Makes the digest another one each time, so that nginx is seen to have read this very file. @default '' */
  readonly nonce?: string
  /** For mode `lua`: what the control server wants to be told. */
  readonly token?: string
}
