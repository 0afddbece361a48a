import type { Fleet, Instance, Router } from '@changeover/engine'
import { forgetEnded, watchFleet } from './observed-fleet.ts'
import { watchRouter } from './observed-router.ts'
import type { Truth } from './truth.ts'
import type { Change, Ledger, Observed } from './watch.ts'

/** Running counts after a change. */
export interface TracePoint {
  /** Milliseconds since the rollout began. */
  readonly at: number
  /** Instances of the earlier release that run, stopping ones included. */
  readonly old: number
  /** Instances of the new release that run, and of one that superseded it, stopping ones included. */
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
  readonly violate: (rule: number, what: string) => void
  readonly truth: Truth
  /** Takes into the trace what ended unseen. */
  readonly conclude: () => void
}

/** Wraps the ports of a simulated outside. */
export function observe(observed: Observed): Observer {
  const { before, clock, inside } = observed
  const ids = before.map(({ id }) => id)
  const ledger: Ledger = {
    running: new Map(before.map((instance) => [instance.id, instance])),
    ready: new Set(ids),
    everReady: new Set(ids),
    launched: new Set(ids),
    dead: new Set(),
    stopping: new Set(),
    abandoned: new Set(),
    drained: new Set(),
    table: observed.table,
    serving: before.length,
  }
  const startedAt = clock.now()
  const violations: string[] = []
  const trace = tracer(observed, ledger, startedAt)
  const violate = (rule: number, what: string): void => {
    violations.push(`rule ${rule}, at ${clock.now() - startedAt} ms: ${what}`)
  }
  const watch = { observed, ledger, violate, changed: trace.changed }
  return {
    violations,
    violate,
    trace: trace.points,
    conclude: () => forgetEnded(watch, ledger.running.keys()),
    router: watchRouter(watch),
    fleet: watchFleet(watch),
    truth: {
      wasLaunched: (id) => ledger.launched.has(id),
      wasReady: (id) => ledger.everReady.has(id),
      runs: (id) => inside?.running(id) ?? ledger.running.has(id),
      follows: (revision) => inside?.followed(revision) ?? true,
    },
  }
}

/** Keeps the trace. Changes of one kind at one instant are one change. */
function tracer({ before, clock }: Observed, ledger: Ledger, startedAt: number) {
  const old = before[0]?.release
  const counts = { old: before.length, new: 0 }
  const points: TracePoint[] = [{ at: 0, ...counts, ready: before.length, weights: {} }]
  let lastChange = ''

  function changed(change: Change, instance?: Instance, by = 0): void {
    if (instance) counts[instance.release === old ? 'old' : 'new'] += by
    const at = clock.now() - startedAt
    const weights = Object.fromEntries(
      ledger.table.pools.map(({ release, weight }) => [release, weight]),
    )
    const next = { at, ...counts, ready: ledger.ready.size, weights }
    const counted = change === 'launch' || change === 'stop'
    const sameInstant = points.length > 1 && points.at(-1)?.at === at
    const merges = sameInstant && (!counted || lastChange === change)
    if (merges) points.pop()
    if (merges || counted || points.length === 0) points.push(next)
    if (counted) lastChange = change
  }
  return { points, changed }
}
