import type { Duration, Fleet, Instance, Release } from '@changeover/engine'
import type { ConformanceSubject } from './conformance-case.ts'

/**
 * What becomes of the instances of a release: `ready` soon and stopping well when asked to, up but `never-ready`, or one
 * that `exits` by itself soon after its launch.
 */
export type ReleaseKind = 'ready' | 'never-ready' | 'exits'

/** A fleet to be tested, and releases that it can run. */
export interface FleetSubject extends ConformanceSubject {
  readonly fleet: Fleet
  /** The service that instances are launched for; none runs yet. */
  readonly service: string
  /** A release of that kind. The same kind is the same release. */
  readonly release: (kind: ReleaseKind) => Release
  /** How long an instance may take to get ready, to stop, and to be told of. @default '20s' */
  readonly patience?: Duration
  /** Ends an instance as a crash would. Without it, what is told of crashes is not tested. */
  readonly crash?: (instance: Instance) => Promise<void>
  /**
   * How many instances of the service really run, found out without the fleet's help. Without it, nobody would notice
   * an instance that the fleet started and does not know of.
   */
  readonly running?: () => Promise<number>
}
