import {
  type Clock,
  type Duration,
  type Fleet,
  type Router,
  type Store,
  toMs,
} from '@changeover/engine'
import { seededRandom } from './seeded-random.ts'

/** What goes wrong between a caller and a port. Each probability is drawn anew for each call. */
export interface PortFaults {
  /** The same seed gives the same faults for the same calls. @default 1 */
  readonly seed?: number
  /** Probability that a call never arrives: nothing happens, and the caller gets an error. @default 0 */
  readonly lostRequests?: number
  /** Probability that a call does its work and only the answer is lost. @default 0 */
  readonly lostReplies?: number
  /** How many calls may go wrong altogether. @default as many as the probabilities want */
  readonly atMost?: number
  /** Time that each call takes to arrive. @default 0 */
  readonly delay?: Duration
  /** The calls that may go wrong, by name. @default all of the port's */
  readonly calls?: readonly string[]
  /** Sleeps for `delay`; needed with it. */
  readonly clock?: Clock
}

type Call<T> = () => Promise<T>

/** Carries one call there and back. */
type Line = <T>(name: string, call: Call<T>) => Promise<T>

/**
 * A router behind a bad line. `apply` answers as the port demands, `unreachable` for a lost request and `indeterminate` for a
 * lost reply; everything else rejects.
 *
 * @example
 * ```ts
 * const router = faultyRouter(memoryRouter(), { lostReplies: 0.1, seed: 7 })
 * ```
 */
export function faultyRouter(router: Router, faults: PortFaults): Router {
  const line = badLine(faults)
  return {
    ...router,
    probe: (options) => line('probe', () => router.probe(options)),
    observe: (service, options) => line('observe', () => router.observe(service, options)),
    async apply(table, options) {
      const { service, revision } = table
      try {
        return await line('apply', () => router.apply(table, options))
      } catch (error) {
        if (!(error instanceof LineError)) throw error
        const outcome = error.arrived ? 'indeterminate' : 'unreachable'
        return { service, revision, outcome, reason: error.message }
      }
    },
    converge: (receipt, options) => line('converge', () => router.converge(receipt, options)),
    drain: (service, ids, options) => line('drain', () => router.drain(service, ids, options)),
  }
}

/** A fleet behind a bad line: an instance may be launched or stopped although the call failed. See {@link faultyRouter}. */
export function faultyFleet(fleet: Fleet, faults: PortFaults): Fleet {
  const line = badLine(faults)
  return {
    ...fleet,
    launch: (request, options) => line('launch', () => fleet.launch(request, options)),
    probe: (instance, options) => line('probe', () => fleet.probe(instance, options)),
    stop: (instance, options) => line('stop', () => fleet.stop(instance, options)),
    list: (service, options) => line('list', () => fleet.list(service, options)),
  }
}

/** A store behind a bad line: an entry may be durable although `append` failed. `read` is left alone. See {@link faultyRouter}. */
export function faultyStore(store: Store, faults: PortFaults): Store {
  const line = badLine(faults)
  return {
    name: store.name,
    read: (rollout) => store.read(rollout),
    close: () => store.close(),
    append: (...args) => line('append', () => store.append(...args)),
    rollouts: (filter) => line('rollouts', () => store.rollouts(filter)),
    lease: (...args) => line('lease', () => store.lease(...args)),
    release: (lease) => line('release', () => store.release(lease)),
  }
}

/** A call that the line lost, on its way there or back. */
class LineError extends Error {
  readonly arrived: boolean

  constructor(call: string, arrived: boolean) {
    super(arrived ? `the answer to ${call} was lost` : `${call} did not arrive`)
    this.arrived = arrived
  }
}

function badLine(faults: PortFaults): Line {
  const { lostRequests = 0, lostReplies = 0, calls, clock } = faults
  const random = seededRandom(faults.seed ?? 1)
  const delayMs = toMs(faults.delay ?? 0, 'faults.delay')
  let left = faults.atMost ?? Infinity

  /** Whether to lose something; one number is drawn each time, so that calls stay in step with the seed. */
  const loses = (probability: number, name: string): boolean => {
    const lost = random() < probability && left > 0 && (calls?.includes(name) ?? true)
    if (lost) left -= 1
    return lost
  }
  return async (name, call) => {
    if (delayMs > 0) await clock?.sleep(delayMs)
    if (loses(lostRequests, name)) throw new LineError(name, false)
    const answer = await call()
    if (loses(lostReplies, name)) throw new LineError(name, true)
    return answer
  }
}
