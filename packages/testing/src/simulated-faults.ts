import { type Duration, toMs } from '@changeover/engine'
import type { PortFaults } from './fault-options.ts'
import type { ProcessFate } from './simulated-process.ts'
import type { Outside } from './outside.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** What goes wrong in a simulation. Times count from the start of the rollout. */
export interface SimulatedFaults {
  /**
   * Numbers of journal entries, rising: the engine dies when it is about to write such an entry (or a later one), and
   * another one resumes when the lease has lapsed.
   */
  readonly crashAt?: readonly number[]
  /**
   * Points at which one engine after the other dies. Each call to a port has two: before its effect, and after it with the
   * answer lost. They are counted from 1 for each engine; {@link Simulation.points} says how many there were.
   */
  readonly crashAtPoint?: readonly number[]
  /** The first engine is suspended at a point for a time, and then goes on with what it was about to do. */
  readonly stall?: { readonly atPoint: number; readonly for: Duration }
  /** How far the clock of each engine is ahead, in milliseconds, negative for behind. @default all agree */
  readonly clocks?: readonly number[]
  /** Requests to router and fleet that do not arrive, and answers that are lost. */
  readonly lost?: Pick<PortFaults, 'atMost' | 'calls' | 'lostReplies' | 'lostRequests'>
  /** The same for the store. */
  readonly store?: Pick<PortFaults, 'atMost' | 'calls' | 'delay' | 'lostReplies' | 'lostRequests'>
  /** The router says that it has converged before it has; only a look at its routes tells the truth. @default false */
  readonly lies?: boolean
  /** When someone else turns the router's weights around. */
  readonly drift?: readonly Duration[]
  /** When the router restarts and has forgotten everything. */
  readonly forgets?: readonly Duration[]
  /** Instances that end by themselves. */
  readonly dies?: readonly InstanceFault[]
  /** Instances that turn unready for a while. */
  readonly falters?: readonly (InstanceFault & { readonly for: Duration })[]
}

export interface InstanceFault {
  readonly at: Duration
  readonly release: 'old' | 'new'
  /** @default 1 */
  readonly instances?: number
}

/** Lets what happens at a time happen. */
export function scheduleFaults(
  faults: SimulatedFaults,
  { routing, instances }: Outside,
  clock: VirtualClock,
): void {
  const at = (time: Duration, happen: () => void): void => {
    void clock.sleep(toMs(time, 'faults.at')).then(happen)
  }
  for (const time of faults.drift ?? []) at(time, routing.tamper)
  for (const time of faults.forgets ?? []) at(time, routing.forget)
  for (const { at: time, release, instances: count = 1 } of faults.dies ?? []) {
    at(time, () => instances.kill(release, count))
  }
  for (const fault of faults.falters ?? []) {
    const forMs = toMs(fault.for, 'faults.falters.for')
    at(fault.at, () => instances.falter(fault.release, fault.instances ?? 1, forMs))
  }
}

/** What becomes of the `n`th engine. */
export function fateOf({ crashAtPoint, stall, clocks }: SimulatedFaults, n: number): ProcessFate {
  const diesAt = crashAtPoint?.[n]
  const aheadMs = clocks?.[n]
  return {
    ...(diesAt === undefined ? {} : { diesAt }),
    ...(aheadMs === undefined ? {} : { aheadMs }),
    ...(n > 0 || !stall
      ? {}
      : { stallsAt: stall.atPoint, stallMs: toMs(stall.for, 'faults.stall.for') }),
  }
}

/** Whether instances were taken away by something else than the engine. */
export function losesInstances({ dies = [], falters = [] }: SimulatedFaults): boolean {
  return dies.length + falters.length > 0
}
