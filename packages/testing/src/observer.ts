import type { Clock, Fleet, Instance, Plan, Router, RouteTable } from '@changeover/engine'
import { FULL_WEIGHT } from '@changeover/engine'

/** Running counts after a change. */
export interface TracePoint {
  /** Milliseconds since the rollout began. */
  readonly at: number
  /** Instances of the earlier release that run, stopping ones included. */
  readonly old: number
  /** Instances of the new release that run, stopping ones included. */
  readonly new: number
  /** Instances of either that passed readiness. */
  readonly ready: number
  /** Basis points in force, by release. */
  readonly weights: Readonly<Record<string, number>>
}

/** Stands between the engine and the outside, and checks every call against the engine's rules. */
export interface Observer {
  readonly router: Router
  readonly fleet: Fleet
  readonly trace: readonly TracePoint[]
  /** Each broken rule once per occurrence, with the number of the rule. */
  readonly violations: readonly string[]
}

export interface Observed {
  readonly router: Router
  readonly fleet: Fleet
  readonly clock: Clock
  readonly plan: Pick<Plan, 'capacity'>
  /** Release that the rollout leads to. */
  readonly to: string
  /** Instances of the earlier release, ready and serving. */
  readonly before: readonly Instance[]
  /** The table in force. */
  readonly table: RouteTable
}

interface Ledger {
  readonly running: Map<string, Instance>
  readonly ready: Set<string>
  readonly stopping: Set<string>
  readonly drained: Set<string>
  table: RouteTable
  /** Instances in the table that are ready. */
  serving: number
}

/** Wraps the ports of a simulated outside. */
export function observe(observed: Observed): Observer {
  const { before, clock } = observed
  const ledger: Ledger = {
    running: new Map(before.map((instance) => [instance.id, instance])),
    ready: new Set(before.map(({ id }) => id)),
    stopping: new Set(),
    drained: new Set(),
    table: observed.table,
    serving: before.length,
  }
  const startedAt = clock.now()
  const violations: string[] = []
  const trace: TracePoint[] = []
  const counts = { old: before.length, new: 0 }
  let lastChange = ''

  /** Changes of one kind at one instant are one change. */
  function point(change: 'launch' | 'ready' | 'route' | 'stop'): void {
    const at = clock.now() - startedAt
    const pools = ledger.table.pools
    const weights = Object.fromEntries(pools.map(({ release, weight }) => [release, weight]))
    const next = { at, ...counts, ready: ledger.ready.size, weights }
    const counted = change === 'launch' || change === 'stop'
    const merges =
      trace.length > 1 && trace.at(-1)?.at === at && (!counted || lastChange === change)
    if (merges) trace.pop()
    if (merges || counted || trace.length === 0) trace.push(next)
    if (counted) lastChange = change
  }

  const violate = (rule: number, what: string): void => {
    violations.push(`rule ${rule}, at ${clock.now() - startedAt} ms: ${what}`)
  }
  const count = (instance: Instance, by: number): void => {
    counts[instance.release === observed.to ? 'new' : 'old'] += by
  }
  trace.push({ at: 0, ...counts, ready: before.length, weights: {} })
  return {
    violations,
    trace,
    router: watchRouter(observed, ledger, violate, () => point('route')),
    fleet: watchFleet(observed, ledger, violate, (instance, change, by) => {
      if (by !== 0) count(instance, by)
      point(change)
    }),
  }
}

type Violate = (rule: number, what: string) => void

function watchRouter(
  { router, plan }: Observed,
  ledger: Ledger,
  violate: Violate,
  routed: () => void,
): Router {
  return {
    ...router,
    async apply(table, options) {
      for (const id of instancesOf(table)) {
        if (!ledger.ready.has(id)) violate(1, `the table names ${id}, which never was ready`)
        if (ledger.stopping.has(id)) violate(1, `the table names ${id}, which was asked to stop`)
      }
      const sum = table.pools.reduce((total, { weight }) => total + weight, 0)
      if (table.pools.length > 0 && sum !== FULL_WEIGHT) violate(2, `weights sum to ${sum}`)
      const receipt = await router.apply(table, options)
      if (receipt.outcome !== 'applied') return receipt
      ledger.table = table
      const { minAvailable } = plan.capacity
      const before = ledger.serving
      ledger.serving = [...instancesOf(table)].filter((id) => ledger.ready.has(id)).length
      if (ledger.serving < Math.min(before, minAvailable)) {
        violate(4, `${ledger.serving} serve, ${minAvailable} must`)
      }
      // Whoever is given requests again has to be drained again.
      for (const id of instancesOf(table)) ledger.drained.delete(id)
      routed()
      return receipt
    },
    async drain(service, instances, options) {
      const report = await router.drain(service, instances, options)
      const left = instances.filter((id) => !instancesOf(ledger.table).has(id))
      for (const id of left) ledger.drained.add(id)
      return report
    },
  }
}

function watchFleet(
  { fleet, router, plan }: Observed,
  ledger: Ledger,
  violate: Violate,
  changed: (instance: Instance, change: 'launch' | 'ready' | 'stop', by: number) => void,
): Fleet {
  return {
    ...fleet,
    async launch(request, options) {
      const instance = await fleet.launch(request, options)
      if (ledger.running.has(instance.id)) return instance
      ledger.running.set(instance.id, instance)
      const { maxTotal } = plan.capacity
      if (ledger.running.size > maxTotal) violate(4, `${ledger.running.size} run, ${maxTotal} may`)
      changed(instance, 'launch', 1)
      return instance
    },
    async probe(instance, options) {
      const readiness = await fleet.probe(instance, options)
      if (readiness.ready && !ledger.ready.has(instance.id)) {
        ledger.ready.add(instance.id)
        if (instancesOf(ledger.table).has(instance.id)) ledger.serving += 1
        changed(instance, 'ready', 0)
      }
      return readiness
    },
    async stop(instance, options) {
      const { id, service } = instance
      const routes = await router.observe(service)
      const followed = routes.table && instancesOf(routes.table).has(id)
      if (followed) violate(3, `${id} is stopped before the router has converged`)
      if (instancesOf(ledger.table).has(id)) violate(3, `${id} is stopped while it is in a route`)
      if (!ledger.drained.has(id)) violate(3, `${id} is stopped before it was drained`)
      ledger.stopping.add(id)
      const { minAvailable } = plan.capacity
      if (ledger.serving < minAvailable) {
        violate(4, `${ledger.serving} serve, ${minAvailable} must`)
      }
      const report = await fleet.stop(instance, options)
      const served = ledger.ready.delete(id) && instancesOf(ledger.table).has(id)
      if (served) ledger.serving -= 1
      if (ledger.running.delete(id)) changed(instance, 'stop', -1)
      return report
    },
  }
}

const instances = new WeakMap<RouteTable, ReadonlySet<string>>()

function instancesOf(table: RouteTable): ReadonlySet<string> {
  const known = instances.get(table)
  if (known) return known
  const ids = new Set(table.pools.flatMap((pool) => pool.instances.map(({ id }) => id)))
  instances.set(table, ids)
  return ids
}
