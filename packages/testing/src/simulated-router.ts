import { type Clock, type Router, type RouteTable, routesAlike } from '@changeover/engine'
import { type RouteTimeline, routeTimeline } from './route-timeline.ts'

/** How a simulated router behaves, in milliseconds. */
export interface SimulatedRouterOptions {
  readonly clock: Clock
  readonly convergeAfterMs: number
  /** How long requests are in flight after their instance left the routes. */
  readonly drainAfterMs: number
  /** `converge` says yes at once; `observe` tells the truth. */
  readonly lies: boolean
}

/** A simulated router, what can be done to it, and what is really so. */
export interface SimulatedRouter {
  readonly router: Router
  /** What requests follow at this instant. */
  readonly effective: () => RouteTable | undefined
  /** Whether new requests go to the instance, or will with a table that was accepted. */
  readonly routed: (id: string) => boolean
  /** For how long no new request has gone to the instance, in milliseconds; Infinity where none ever did. */
  readonly leftForMs: (id: string) => number
  /** Whether requests ever followed this revision. */
  readonly followed: (revision: number) => boolean
  /** Requests of a release since `since`, in units of a second of all traffic. */
  readonly share: (release: string, since: number) => number
  /** Someone else turns the weights around. */
  readonly tamper: () => void
  /** A restart that forgets tables, revisions and fences. Requests in flight end. */
  readonly forget: () => void
}

/** A router in which every table becomes effective after a lag, one after the other, and requests last for a while. */
export function simulatedRouter(options: SimulatedRouterOptions): SimulatedRouter {
  const timeline = routeTimeline(options)
  const memory: Memory = { accepted: undefined, drift: [] }
  return {
    router: routerOver(timeline, memory, options),
    effective: timeline.settle,
    routed: timeline.routed,
    leftForMs: timeline.leftForMs,
    followed: timeline.followed,
    share: timeline.share,
    tamper() {
      const { accepted } = memory
      if (!accepted || accepted.pools.length < 2) return
      const weights = accepted.pools.map(({ weight }) => weight).toReversed()
      const pools = accepted.pools.map((pool, i) => ({ ...pool, weight: weights[i] ?? 0 }))
      // A pool without instances cannot have been given traffic by anybody.
      if (pools.some(({ weight, instances }) => weight > 0 && instances.length === 0)) return
      memory.accepted = { ...accepted, pools }
      memory.drift = ['weights were changed by someone else']
      timeline.place(memory.accepted)
    },
    forget() {
      timeline.forget()
      memory.accepted = undefined
      memory.drift = []
    },
  }
}

/** What the router itself remembers. */
interface Memory {
  accepted: RouteTable | undefined
  drift: readonly string[]
}

function routerOver(
  timeline: RouteTimeline,
  memory: Memory,
  { clock, lies }: SimulatedRouterOptions,
): Router {
  const sleepUntil = (at: number, signal: AbortSignal | undefined): Promise<void> =>
    clock.sleep(Math.max(0, at - clock.now()), signal ? { signal } : {})
  return {
    name: 'simulated',
    probe: async () => {
      return { inFlight: true, proof: 'observed', rules: true, affinity: true, mirror: true }
    },
    async observe(service) {
      const { revision = 0, fence = 0 } = memory.accepted ?? {}
      const table = timeline.settle()
      const converged = timeline.isConverged()
      return { service, table, revision, fence, converged, drift: memory.drift }
    },
    async apply(table) {
      const { service, revision, fence } = table
      const { accepted: known, drift } = memory
      if (known && isStale(table, known)) {
        const reason = `revision ${known.revision} under fence ${known.fence} is in force`
        return { service, revision, outcome: 'rejected', reason }
      }
      const same = known?.revision === revision && known.fence === fence && drift.length === 0
      if (!same) {
        memory.accepted = copy(table)
        memory.drift = []
        timeline.place(memory.accepted)
      }
      return { service, revision, outcome: 'applied' }
    },
    async converge({ revision }, { deadline, signal }) {
      const due = timeline.dueAt(revision)
      if (!lies && due !== undefined)
        await sleepUntil(Math.min(clock.now() + deadline, due), signal)
      const latest = memory.accepted?.revision === revision
      const converged = latest && (lies || timeline.isConverged())
      const evidence = converged ? 'every request follows it' : 'requests do not follow it'
      return { revision, converged, level: converged ? 'observed' : 'accepted', evidence }
    },
    async drain(_, ids, { deadline, signal }) {
      const until = clock.now() + deadline
      for (;;) {
        const open = ids.filter((id) => timeline.emptyAt(id) > clock.now())
        const over = open.length === 0 || clock.now() >= until
        if (over) return { drained: !open.length, inFlight: open.length, longLived: 0, forced: 0 }
        const ends = open.map((id) => timeline.emptyAt(id)).filter(Number.isFinite)
        await sleepUntil(Math.min(until, ...ends, ...timeline.changes()), signal)
      }
    },
  }
}

/** A caller that changes its table later changes nothing here. */
function copy(table: RouteTable): RouteTable {
  const pools = table.pools.map((pool) => ({ ...pool, instances: [...pool.instances] }))
  return { ...table, pools }
}

function isStale(table: RouteTable, known: RouteTable): boolean {
  const older = table.fence < known.fence || table.revision < known.revision
  return older || (table.revision === known.revision && !routesAlike(table, known))
}
