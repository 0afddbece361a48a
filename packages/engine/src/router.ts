import type { Fence } from './fence.ts'
import type { Outcome } from './outcome.ts'
import type { RouteTable } from './route-table.ts'

/** What a router can do, asked of the live router. A capability that is left out has the default named here. */
export interface RouterCapabilities {
  /** Smallest step of a weight in basis points. @default 1 */
  readonly granularity?: number
  /** Whether weights hold for each request or only for each connection. @default 'request' */
  readonly split?: 'request' | 'connection'
  /** Whether requests in flight are counted. @default false */
  readonly inFlight?: boolean
  /** The strongest proof that `converge` can give. @default 'accepted' */
  readonly proof?: ProofLevel
  /** Whether requests can be routed by header or cookie. @default false */
  readonly rules?: boolean
  /** Whether users can be kept on one side by hash cohorts. @default false */
  readonly affinity?: boolean
  /** Whether requests can be copied. @default false */
  readonly mirror?: boolean
  /** Bounds in milliseconds over which requests are counted as slow; see `ReleaseTraffic`. @default not told */
  readonly slowBounds?: readonly number[]
  /** Whether a table outlives the router's restart. @default false */
  readonly durable?: boolean
  /** What a change of the routes may cut at worst; a router that leaves it out or empty cuts nothing. @default [] */
  readonly drops?: readonly RouterDrop[]
  /**
   * The function that decides who belongs to a cohort: routers that name the same one put a user on the same side. The
   * embedded router's is `inCohort`. @default not told
   */
  readonly cohortHash?: string
}

/**
 * What a change of the routes may cut.
 *
 * - `idle`: client connections between two requests, which a client notices when it sends the next one on them.
 * - `new`: connections that clients are just opening.
 * - `upgraded`: WebSockets and other upgraded connections.
 * - `answer`: the answer to a request that is executed, where a connection between two requests is closed in the very
 *   instant in which the second one comes. Its client cannot tell that from `idle`: to send it again may do things twice.
 */
export type RouterDrop = 'idle' | 'new' | 'upgraded' | 'answer'

/** How sure a proof is: the router said yes, it was programmed, or its own traffic was seen to follow. */
export type ProofLevel = 'accepted' | 'programmed' | 'observed'

/** What the router itself says is in force for a service. */
export interface ObservedRoutes {
  readonly service: string
  /** The table in force, or undefined where the router knows nothing of the service. */
  readonly table: RouteTable | undefined
  /** Revision in force; 0 where there is none. */
  readonly revision: number
  readonly fence: Fence
  /** Whether every new request follows the table. */
  readonly converged: boolean
  /** What differs from the table last applied; empty where nothing does. */
  readonly drift: readonly string[]
}

/** The router's answer to `apply`. */
export interface Receipt {
  readonly service: string
  readonly revision: number
  readonly outcome: Outcome
  /** Why it was not applied, in the router's own words. */
  readonly reason?: string
}

/** Evidence that every new request follows a table, or how far it came by the deadline. */
export interface Proof {
  readonly revision: number
  readonly converged: boolean
  readonly level: ProofLevel
  /** What the proof rests on, for the journal. */
  readonly evidence: string
}

/** What is left of the traffic to instances that were taken out of the routes. */
export interface DrainReport {
  readonly drained: boolean
  /** Requests still in flight over all the instances named. */
  readonly inFlight: number | 'unknown'
  /** How many of them are upgraded or otherwise endless. */
  readonly longLived: number
  /** How many the router cut. */
  readonly forced: number
}

/** Counts of one release since the router started. */
export interface ReleaseTraffic {
  readonly total: number
  /** Answers with status 5xx, and requests that got no answer. */
  readonly bad: number
  /**
   * How many took longer than each of these bounds, in milliseconds: `{ '300': 12 }`. Only bounds that are listed can be
   * judged; a router that does not time requests leaves it out.
   */
  readonly slow?: Readonly<Record<string, number>>
}

export type TrafficSample = Readonly<Record<string, ReleaseTraffic>>

export type Unsubscribe = () => void

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** Options of a wait. `deadline` is how long to wait, in milliseconds. */
export interface WaitOptions extends CallOptions {
  readonly deadline: number
}

/**
 * Sends a service's requests to its instances. Every operation is idempotent and states absolute targets.
 *
 * The engine calls `apply`, then `converge`, then `drain`, and stops an instance only after all three said so.
 */
export interface Router {
  readonly name: string
  probe(options?: CallOptions): Promise<RouterCapabilities>
  /** Read from the router itself, never from memory of what was applied. */
  observe(service: string, options?: CallOptions): Promise<ObservedRoutes>
  /**
   * Makes `table` the one in force, whole or not at all. The same table twice changes nothing.
   * An older revision or fence is answered with `rejected`. Does not throw for an outcome.
   */
  apply(table: RouteTable, options?: CallOptions): Promise<Receipt>
  /** Resolves as soon as every new request follows the receipt's table, or at the deadline with `converged: false`. */
  converge(receipt: Receipt, options: WaitOptions): Promise<Proof>
  /** Waits until the instances have no request in flight, or for the deadline. They must be out of the routes already. */
  drain(service: string, instances: readonly string[], options: WaitOptions): Promise<DrainReport>
  /** Per release: the router's own counts, which feed the judge where no metrics system is at hand. */
  traffic?(service: string, options?: CallOptions): Promise<TrafficSample>
  /** Calls `listener` when someone else changed the routes, or the router restarted and forgot them. */
  watch?(service: string, listener: (drift: readonly string[]) => void): Unsubscribe
}
