import type { Duration, Router } from '@changeover/engine'
import type { ConformanceSubject } from './conformance-case.ts'

/** A router to be tested, and where requests reach it. */
export interface RouterSubject extends ConformanceSubject {
  readonly router: Router
  /** The service that tables are applied for; none has been yet. */
  readonly service: string
  /**
   * Where clients reach the service, such as `http://127.0.0.1:8080`. Without it no request is sent, and what holds for
   * requests is not tested.
   */
  readonly url?: string
  /** Where the suite's own backends listen, and the router reaches them. @default '127.0.0.1' */
  readonly backendHost?: string
  /** By how many of the first 1,000 requests a release may miss its exact share. @default 2 */
  readonly shareError?: number
  /** How long a table may take to be followed. @default '20s' */
  readonly patience?: Duration
  /**
   * A router of the same kind whose tables take longer to be followed, and whose instances take longer to drain, than
   * any test waits. Without it, waits that end early are tested on requests only.
   */
  readonly stalled?: Router
}
