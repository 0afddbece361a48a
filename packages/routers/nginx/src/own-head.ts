import type { RouteTable } from '@changeover/engine'

/** What a file of ours says about itself. */
export interface OwnHead {
  readonly service: string
  readonly mode: string
  /** What nginx answers when it is asked which file it runs with. */
  readonly digest: string
  readonly table: RouteTable
  /** What the control server wants to be told before it listens to anybody. */
  readonly token?: string
}
