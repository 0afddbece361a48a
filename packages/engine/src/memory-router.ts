import { z } from 'zod'
import { acceptRouteTable } from './accept-table.ts'
import { checkOptions, portSchema } from './check-options.ts'
import type { Clock } from './clock.ts'
import type { Receipt, Router, RouterCapabilities } from './router.ts'
import { systemClock } from './system-clock.ts'
import { isRouted, type RouteTable, routesAlike } from './route-table.ts'

export interface MemoryRouterOptions {
  /** @default the machine's clock */
  readonly clock?: Clock
  /** Milliseconds from `apply` until requests follow; Infinity for never. @default 0 */
  readonly convergeAfterMs?: number
  /** Milliseconds that an instance still has requests in flight after it left the routes. @default 0 */
  readonly drainAfterMs?: number
}

const SPAN = z.custom<number>(
  (value) => typeof value === 'number' && value >= 0,
  'it is not a number of milliseconds, 0 or more',
)

const optionsSchema = z.strictObject({
  clock: portSchema<Clock>('clock', ['now', 'sleep']).optional(),
  convergeAfterMs: SPAN.optional(),
  drainAfterMs: SPAN.optional(),
})

const REMEDIES = {
  clock: 'Give an object with now() and sleep(), or leave it out.',
  '': 'Give any of clock, convergeAfterMs, drainAfterMs; times in milliseconds, Infinity for never.',
}

const CAPABILITIES: RouterCapabilities = Object.freeze({
  inFlight: true,
  proof: 'observed',
  rules: true,
  affinity: true,
  mirror: true,
})

interface Routes {
  table: RouteTable
  followedAt: number
  /** The table that requests follow until then. */
  before: RouteTable | undefined
  /** When instances left the routes. */
  readonly leftAt: Map<string, number>
}

/**
 * A router that routes nothing: the reference implementation of the port, for tests and simulations. It keeps the
 * port's promises, with a lag and a drain time that can be set. Rules, affinity and mirror are kept and observed like
 * the rest of a table.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`
 * @example
 * ```ts
 * const router = memoryRouter({ convergeAfterMs: 50, drainAfterMs: 200 })
 * ```
 */
export function memoryRouter(options: MemoryRouterOptions = {}): Router {
  const checked = checkOptions(optionsSchema, options, 'memoryRouter', { remedies: REMEDIES })
  const { clock = systemClock(), convergeAfterMs = 0, drainAfterMs = 0 } = checked
  const services = new Map<string, Routes>()

  function accept(table: RouteTable): void {
    const known = services.get(table.service)
    const leftAt = known?.leftAt ?? new Map<string, number>()
    const followedAt = clock.now() + convergeAfterMs
    for (const { instances } of known?.table.pools ?? []) {
      for (const { id } of instances) if (!isRouted(table, id)) leftAt.set(id, followedAt)
    }
    const before = known && clock.now() < known.followedAt ? known.before : known?.table
    services.set(table.service, { table, followedAt, before, leftAt })
  }

  return {
    name: 'memory',
    async probe({ signal } = {}) {
      signal?.throwIfAborted()
      return CAPABILITIES
    },
    async observe(service, { signal } = {}) {
      signal?.throwIfAborted()
      const known = services.get(service)
      const converged = !known || clock.now() >= known.followedAt
      const { revision = 0, fence = 0 } = known?.table ?? {}
      const table = converged ? known?.table : known?.before
      return { service, table, revision, fence, converged, drift: [] }
    },
    async apply(given, { signal } = {}) {
      signal?.throwIfAborted()
      const table = acceptRouteTable(given, CAPABILITIES)
      const known = services.get(table.service)?.table
      const receipt = { service: table.service, revision: table.revision }
      if (known && isStale(table, known)) return { ...receipt, ...stale(known) }
      if (!known || !isInForce(table, known)) accept(table)
      return { ...receipt, outcome: 'applied' }
    },
    async converge({ service, revision }, { deadline, signal }) {
      const waitMs = Math.max(0, (services.get(service)?.followedAt ?? 0) - clock.now())
      await clock.sleep(Math.min(waitMs, deadline), signal ? { signal } : {})
      const converged = waitMs <= deadline && services.get(service)?.table.revision === revision
      const evidence = converged ? 'the table in memory is the one applied' : 'it has not converged'
      return { revision, converged, level: converged ? 'observed' : 'accepted', evidence }
    },
    async drain(service, instances, { deadline, signal }) {
      const leftAt = services.get(service)?.leftAt
      const ends = instances.map((id) => endOf(leftAt?.get(id), drainAfterMs))
      const waitMs = Math.max(0, Math.max(...ends) - clock.now())
      await clock.sleep(Math.min(waitMs, deadline), signal ? { signal } : {})
      const inFlight = ends.filter((end) => end > clock.now()).length
      return { drained: inFlight === 0, inFlight, longLived: 0, forced: 0 }
    },
  }
}

/** When an instance that left the routes has answered its last request; one that was never in them has none. */
function endOf(leftAt: number | undefined, drainAfterMs: number): number {
  return leftAt === undefined ? -Infinity : leftAt + drainAfterMs
}

function isStale(table: RouteTable, known: RouteTable): boolean {
  const older = table.fence < known.fence || table.revision < known.revision
  return older || (table.revision === known.revision && !routesAlike(table, known))
}

function isInForce({ fence, revision }: RouteTable, known: RouteTable): boolean {
  return fence === known.fence && revision === known.revision
}

function stale(known: RouteTable): Pick<Receipt, 'outcome' | 'reason'> {
  const reason = `revision ${known.revision} under fence ${known.fence} is in force`
  return { outcome: 'rejected', reason }
}
