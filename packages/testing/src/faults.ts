import type { Fleet, Router, Store } from '@changeover/engine'
import { checkFaults, type FaultSettings, type PortFaults } from './fault-options.ts'
import { FLEET_CALLS, ROUTER_CALLS, STORE_CALLS } from './port-calls.ts'
import { seededRandom } from './seeded-random.ts'

type Call<T> = () => Promise<T>

/** Carries one call there and back. */
type Line = <T>(name: string, call: Call<T>) => Promise<T>

/**
 * A router behind a bad line. `apply` answers as the port demands, `unreachable` for a lost request and `indeterminate` for a
 * lost reply; everything else rejects.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, `CHANGEOVER_DURATION_INVALID`: a misspelt fault would be none
 * @example
 * ```ts
 * const router = faultyRouter(memoryRouter(), { lostReplies: 0.1, seed: 7 })
 * ```
 */
export function faultyRouter(router: Router, faults: PortFaults): Router {
  const port = { name: 'faultyRouter', kind: 'router', port: router, calls: ROUTER_CALLS }
  const line = badLine(checkFaults(faults, port))
  return {
    // Field by field: a copy of an adapter that is an instance of a class would lack its methods.
    name: router.name,
    ...(router.traffic && { traffic: router.traffic.bind(router) }),
    ...(router.watch && { watch: router.watch.bind(router) }),
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
  const port = { name: 'faultyFleet', kind: 'fleet', port: fleet, calls: FLEET_CALLS }
  const line = badLine(checkFaults(faults, port))
  return {
    name: fleet.name,
    ...(fleet.check && { check: fleet.check.bind(fleet) }),
    ...(fleet.watch && { watch: fleet.watch.bind(fleet) }),
    launch: (request, options) => line('launch', () => fleet.launch(request, options)),
    probe: (instance, options) => line('probe', () => fleet.probe(instance, options)),
    stop: (instance, options) => line('stop', () => fleet.stop(instance, options)),
    list: (service, options) => line('list', () => fleet.list(service, options)),
  }
}

/** A store behind a bad line: an entry may be durable although `append` failed. `read` is left alone. See {@link faultyRouter}. */
export function faultyStore(store: Store, faults: PortFaults): Store {
  const port = { name: 'faultyStore', kind: 'store', port: store, calls: STORE_CALLS }
  const line = badLine(checkFaults(faults, port))
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

function badLine(settings: FaultSettings): Line {
  const { lostRequests, lostReplies, delayMs, clock, mayGoWrong } = settings
  const random = seededRandom(settings.seed)
  let left = settings.atMost

  /** Whether to lose something; one number is drawn each time, so that calls stay in step with the seed. */
  const loses = (probability: number, name: string): boolean => {
    const lost = random() < probability && left > 0 && mayGoWrong(name)
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
