import { bringUp, intendLaunches } from '../bring-up.ts'
import { refuse } from '../changeover-error.ts'
import type { InstanceState } from '../rollout-state.ts'
import { isJournaled, proportionalPools, putInForce } from '../routes.ts'
import { isRouted, routesAlike } from '../route-table.ts'
import type { Run } from '../run.ts'
import type { Step } from '../step.ts'
import { drainInstance, stopInstance } from '../take-down.ts'
import { type TaskGroup, taskGroup } from '../task-group.ts'
import { isExchanged, nextMove, spareOf, type WindowView } from '../window.ts'

type ReplaceStep = Extract<Step, { readonly step: 'replace' }>

/** One exchange under way. */
interface Exchange {
  readonly run: Run
  readonly step: ReplaceStep
  readonly group: TaskGroup
  /** Instances that have to go and were not asked to stop yet; the next table leaves them out. */
  readonly leaving: Map<string, InstanceState>
  /** Instances that a task looks after. */
  readonly tended: Set<string>
  /** How often `leaving` has changed otherwise than by stops. */
  moves: number
  view: { readonly key: string; readonly view: WindowView } | undefined
  /** Whether a table is on its way to the router; one at a time. */
  routing: boolean
}

/**
 * Replaces all instances of other releases by `replicas` of the step's release, in a sliding window without barriers.
 *
 * A loop looks at the state, makes the next move, and waits until something changes. It keeps nothing that cannot be
 * told from the state, so that it goes on where a crashed engine stopped.
 */
export async function replace(run: Run, step: ReplaceStep): Promise<void> {
  const group = taskGroup(run.signal)
  const exchange: Exchange = {
    run,
    step,
    group,
    leaving: new Map(),
    tended: new Set(),
    moves: 0,
    view: undefined,
    routing: false,
  }
  try {
    await exchangeAll(exchange)
    await group.settle()
  } catch (error) {
    await group.cancel(error)
    throw error
  }
}

/** Paused: what was begun comes to its end, and nothing new begins. */
const STILL = { launch: 0, retire: 0 }

async function exchangeAll(exchange: Exchange): Promise<void> {
  const { run, step, group } = exchange
  for (;;) {
    const seen = run.pulse.count
    assertNoneLost(exchange)
    tend(exchange)
    const view = viewWindow(exchange)
    const routed = reroute(exchange)
    if (isExchanged(view) && routed) return
    const { launch, retire } = run.state.paused ? STILL : nextMove(view)
    if (launch > 0) await intendLaunches(run, step.release, launch)
    if (retire > 0) choose(exchange, retire)
    if (retire > 0) continue
    await group.race(run.pulse.after(seen))
    // Whatever else happens at this very instant is taken into the same move.
    await group.race(run.ports.clock.sleep(0, { signal: group.signal }))
  }
}

/** A new release whose instances end by themselves is given up; on the way back they are started again, a few times. */
function assertNoneLost({ run, step }: Exchange): void {
  const { lost, direction } = run.state
  const mine = lost.filter(({ release }) => release === step.release)
  const last = mine.at(-1)
  if (!last || mine.length <= (direction === 'back' ? step.replicas : 0)) return
  throw refuse('CHANGEOVER_INSTANCE_LOST', { instance: last.id, problem: last.reason })
}

/** Counted once for each change: ten thousand instances that drain at one instant ask ten thousand times. */
function viewWindow(exchange: Exchange): WindowView {
  const key = `${exchange.run.pulse.count}:${exchange.moves}`
  if (exchange.view?.key !== key) exchange.view = { key, view: countWindow(exchange) }
  return exchange.view.view
}

function countWindow({ run, step, leaving }: Exchange): WindowView {
  const { replicas, surge, unavailable, release } = step
  const view = { incoming: 0, incomingAvailable: 0, outgoing: 0, outgoingAvailable: 0 }
  for (const [of, counts] of run.state.counts) {
    if (of === release) {
      view.incoming += counts.running - counts.stopping
      view.incomingAvailable += counts.available
    } else {
      view.outgoing += counts.running
      view.outgoingAvailable += counts.available
    }
  }
  for (const { id, phase } of leaving.values()) {
    if (phase === 'available' && run.state.instances.has(id)) view.outgoingAvailable -= 1
  }
  const until = step.until === undefined ? {} : { until: step.until }
  return { replicas, surge, unavailable, ...until, running: run.state.instances.size, ...view }
}

/** Gives every instance that needs one a task: bringing it up, or taking it down. */
function tend(exchange: Exchange): void {
  for (const instance of exchange.run.state.instances.values()) {
    if (exchange.tended.has(instance.id)) continue
    const task = taskFor(exchange, instance)
    if (task) look(exchange, instance.id, task)
  }
}

function taskFor(exchange: Exchange, instance: InstanceState): (() => Promise<void>) | undefined {
  const { run, step, group } = exchange
  const { id, phase } = instance
  if (phase === 'stopping') return () => takeDown(exchange, instance)
  if (instance.release === step.release) {
    return phase === 'available' ? undefined : () => bringUp(run, instance, step, group.signal)
  }
  if (phase !== 'available') exchange.leaving.set(id, instance)
  return exchange.leaving.has(id) && isOut(run, id) ? () => takeDown(exchange, instance) : undefined
}

function look(exchange: Exchange, id: string, task: () => Promise<void>): void {
  exchange.tended.add(id)
  exchange.group.run(async () => {
    await task()
    exchange.tended.delete(id)
    exchange.run.pulse.beat()
  })
}

/** Neither the table in force nor the one sent last names the instance. */
function isOut({ inForce, sent }: Run, id: string): boolean {
  return inForce !== undefined && !isRouted(inForce, id) && !(sent && isRouted(sent, id))
}

async function takeDown(exchange: Exchange, instance: InstanceState): Promise<void> {
  const { run, step, group, leaving } = exchange
  if (instance.phase !== 'stopping') {
    await drainInstance(run, instance, step.drain, group.signal)
    if (!hasSpare(exchange, instance)) {
      leaving.delete(instance.id)
      exchange.moves += 1
      return run.record({ type: 'noticed', message: `${instance.id} serves on: others were lost` })
    }
  }
  await stopInstance(run, instance, step.drain.deadlineMs, group.signal)
  leaving.delete(instance.id)
}

/** Looked at once more right before the stop: instances may have been lost while this one drained. */
function hasSpare(exchange: Exchange, { phase }: InstanceState): boolean {
  return phase !== 'available' || spareOf(viewWindow(exchange)) >= 0
}

/** Marks the instances that go next, oldest first. */
function choose(exchange: Exchange, count: number): void {
  const { run, step, leaving } = exchange
  let left = count
  for (const instance of run.state.instances.values()) {
    if (left === 0) break
    const { id, release, phase } = instance
    if (release === step.release || phase !== 'available' || leaving.has(id)) continue
    leaving.set(id, instance)
    left -= 1
  }
  exchange.moves += 1
}

/** Starts putting the wanted table in force where it is not; true where nothing is left to do. */
function reroute(exchange: Exchange): boolean {
  const { run, group, leaving } = exchange
  if (exchange.routing) return false
  const pools = proportionalPools(run.state, leaving, run.inForce)
  const { service } = run.state.plan
  const wanted = { service, revision: 0, fence: 0, pools }
  // In force and not journaled so, an earlier engine died in between: the end is told by the journal.
  const { inForce } = run
  if (inForce && routesAlike(inForce, wanted) && isJournaled(run.state, inForce)) return true
  exchange.routing = true
  group.run(async () => {
    await putInForce(run, { pools }, group.signal)
    exchange.routing = false
    run.pulse.beat()
  })
  return false
}
