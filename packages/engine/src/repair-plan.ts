import type { Release } from './release.ts'
import type { Plan } from './plan.ts'
import type { RepairNeed } from './repair-need.ts'
import { readTimes } from './strategy-times.ts'
import { allTo, bringTo, leaveAll, PATIENCE_BACK } from './way-back.ts'

/** What a repair starts from. */
export interface RepairContext {
  readonly service: string
  readonly current: Release
  readonly replicas: number
  readonly need: RepairNeed
  /** All that run. */
  readonly running: number
  /** Instances of other releases that nothing leads back to, by release. */
  readonly unwanted: Readonly<Record<string, number>>
}

/**
 * Writes the plan that brings a service back to what it should be: whoever is ready gets the traffic at once, then what is
 * missing is launched and joins, then what nobody needs goes. It leads from the current release to the same one, so that
 * however it ends, nothing else is current. Given up, it leaves the traffic to whoever is ready. Pure.
 */
export function planRepair(context: RepairContext): Plan {
  const { service, current, replicas, need, running, unwanted } = context
  const times = readTimes({}, 'repair')
  // It has served before: that it is slow today is no reason to do without.
  const patient = { ...times, readyWithinMs: times.readyWithinMs * PATIENCE_BACK }
  const all = bringTo(current.id, replicas, patient)
  const absent = need.missing + need.unready > 0
  return {
    service,
    strategy: 'repair',
    from: current,
    to: current,
    replicas,
    steps: [
      ...(need.reroute ? [allTo(current.id)] : []),
      ...(absent
        ? rungs(replicas, need.ready).flatMap((atLeast) => [{ ...all, atLeast }, allTo(current.id)])
        : []),
      ...(absent ? [all, allTo(current.id)] : []),
      ...leaveAll(unwanted, times),
    ],
    rollback: [allTo(current.id)],
    capacity: {
      maxTotal: running + need.missing,
      minAvailable: Math.min(replicas, need.ready),
    },
    warnings: warningsOf(context),
  }
}

/** Whoever is ready first does not wait for the last, least of all while nobody serves. */
function rungs(replicas: number, ready: number): number[] {
  const wanted = new Set([1, Math.ceil(replicas / 2)])
  return [...wanted].filter((least) => least > ready && least < replicas)
}

/** What is wrong, for whoever reads the journal. */
function warningsOf({ current, replicas, need }: RepairContext): string[] {
  const { missing, unready, reroute, ready } = need
  return [
    ...(missing > 0 ? [`${missing} of ${replicas} instances of "${current.id}" do not run`] : []),
    ...(unready > 0 ? [`${unready} instances of "${current.id}" run and are not ready`] : []),
    ...(reroute ? [`the router does not lead to what is ready of "${current.id}"`] : []),
    ...(ready === 0 ? ['nothing serves until an instance is ready'] : []),
  ]
}
