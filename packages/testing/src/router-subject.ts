import type { Duration, Router } from '@changeover/engine'
import type { ConformanceSubject } from './conformance-case.ts'
import type { RouterDeviations } from './router-deviations.ts'

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
  /**
   * How often releases take over from each other under load; 250 requests come with each. 8 keep a suite short; 50 are what
   * a router is to be trusted for. @default 8
   */
  readonly cutovers?: number
  /** Of the router's program, for the evidence. @default not told */
  readonly version?: string
  /** How long a table may take to be followed. @default '20s' */
  readonly patience?: Duration
  /**
   * What follows lets the suite do to the router what happens to routers. Each is optional, and cases that need one that
   * is missing pass unchecked. All of them work on the router behind `router`.
   */
  /** Another adapter of the same router, as an engine that takes over makes one; it knows nothing of the first. */
  readonly attach?: () => Promise<Router & Partial<AsyncDisposable>>
  /**
   * Somebody else restarts the router, or makes it start over with a new process: resolves when it serves again.
   * Whatever it held in memory alone is gone.
   */
  readonly restart?: () => Promise<void>
  /** Stops the router, so that it answers nobody; the returned function starts it again. */
  readonly halt?: () => Promise<() => Promise<void>>
  /** Makes the router refuse what it is told from now on, as a full disk or a broken file would; until the returned function is called. */
  readonly refuseChanges?: () => Promise<() => Promise<void>>
  /** Makes the router say yes and do nothing from now on, until the returned function is called. */
  readonly ignoreChanges?: () => Promise<() => Promise<void>>
  /** Changes the routes of the service behind the adapter's back, as a person at the router's own controls would. */
  readonly tamper?: () => Promise<void>
  /** All that the router serves or keeps beside what the adapter manages, as text: comments, other hosts, other services. */
  readonly foreign?: () => Promise<string>
  /**
   * A router of the same kind whose tables take longer to be followed, and whose instances take longer to drain, than
   * any test waits. Without it, waits that end early are tested on requests only.
   */
  readonly stalled?: Router
  /** Bytes of memory that the router's processes hold now. Without it, what a slow reader costs is not measured. */
  readonly memory?: () => Promise<number>
  /**
   * Cases that the router is known to fail, each with the reason: a version, an option, an issue. Such a case must fail from
   * then on; one that passes fails the suite, so that the list never excuses what is not so.
   */
  readonly deviations?: RouterDeviations
}
