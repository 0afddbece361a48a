import { intendLaunches, launchInstance } from './bring-up.ts'
import { refuse } from './changeover-error.ts'
import type { RolloutState } from './rollout-state.ts'
import { extrasOf, type Routing } from './route-rule.ts'
import { putInForce, servingOf, targetRouting } from './routes.ts'
import { bindRun, type Run } from './run.ts'
import { taskGroup } from './task-group.ts'
import { keepLooking, tell, type Upkeep } from './upkeep-look.ts'

/**
 * Does `wait` and looks after the service meanwhile: the new release is given up where one of its instances is lost or
 * stays unready; lost instances of the old one leave the routes and are replaced; a router that somebody else changed
 * is put right. The first failure ends both.
 *
 * @throws ChangeoverError `CHANGEOVER_INSTANCE_LOST`, `CHANGEOVER_NOT_READY`, `CHANGEOVER_NOT_CONVERGED`; what `wait` throws
 */
export async function withUpkeep(run: Run, wait: (waiting: Run) => Promise<void>): Promise<void> {
  const group = taskGroup(run.signal)
  const over = new AbortController()
  const upkeep: Upkeep = {
    run,
    group,
    over: AbortSignal.any([group.signal, over.signal]),
    told: new Set(),
    unready: new Map(),
    begun: new Set(),
  }
  group.run(async () => {
    await wait(bindRun(run, group.signal))
    over.abort()
    run.pulse.beat()
  })
  group.run(() => keepLooking(upkeep))
  group.run(() => keepRight(upkeep))
  await group.settle()
}

/** Acts on every change of the state, one after the other: only one table is ever on its way. */
async function keepRight(upkeep: Upkeep): Promise<void> {
  const { run, group, over } = upkeep
  while (!over.aborted) {
    const seen = run.pulse.count
    assertNewStands(run)
    await replaceLost(upkeep)
    launchIntended(upkeep)
    await route(upkeep)
    await group.race(run.pulse.after(seen))
  }
}

/** Lost instances of a release that no other one was launched for. */
export function notReplaced({ state }: Run, release: string | undefined): string[] {
  const open = state.lost.filter((one) => one.release === release && !state.replaced.has(one.id))
  return open.map(({ id }) => id)
}

/** @throws ChangeoverError `CHANGEOVER_INSTANCE_LOST` where the plan goes forward */
export function assertNewStands(run: Run): void {
  const { state } = run
  if (state.direction === 'back') return
  const [id] = notReplaced(run, state.plan.to.id)
  const lost = state.lost.find((one) => one.id === id)
  if (lost) throw refuse('CHANGEOVER_INSTANCE_LOST', { instance: lost.id, problem: lost.reason })
}

/**
 * Every lost instance of the release in place is replaced once, at most as many as there are replicas, and none above what
 * may run: an exchange that is under way may have filled the room already. A release that was drained only has to go.
 */
async function replaceLost(upkeep: Upkeep): Promise<void> {
  const { run } = upkeep
  const { state } = run
  const { from, replicas, capacity } = state.plan
  if (isDrained(state, from?.id)) return
  const due = notReplaced(run, from?.id)
  const left = Math.min(due.length, Math.max(0, replicas - state.replaced.size))
  const room = Math.min(left, capacity.maxTotal - state.instances.size)
  if (from && room > 0) await intendLaunches(run, from.id, room, due)
  if (due.length > left)
    await tell(upkeep, 'replaced', `instances of "${from?.id}" keep ending; no more are launched`)
}

function isDrained({ steps, position }: RolloutState, release: string | undefined): boolean {
  return steps.slice(0, position).some((step) => step.step === 'drain' && step.release === release)
}

function launchIntended(upkeep: Upkeep): void {
  const { run, group, over, begun } = upkeep
  for (const instance of run.state.instances.values()) {
    const { id, phase } = instance
    if (phase !== 'launching' || begun.has(id)) continue
    begun.add(id)
    group.run(async () => {
      try {
        await launchInstance(run, instance, over)
      } catch (error) {
        if (!over.aborted) await tell(upkeep, id, `${id} could not be launched: ${String(error)}`)
      }
    })
  }
}

/** Puts the routing that the plan asks for in force, with the instances that may serve now. */
async function route(upkeep: Upkeep): Promise<void> {
  const { run, group } = upkeep
  const routing = wantedRouting(run)
  if (!routing) return
  const empty = routing.pools.find(({ weight, instances }) => weight > 0 && instances.length === 0)
  if (empty) return tell(upkeep, empty.release, `no instance of "${empty.release}" is left`)
  await putInForce(run, routing, group.signal)
}

function wantedRouting({ state, inForce }: Run): Routing | undefined {
  if (state.target) return targetRouting(state, state.target)
  const known = state.converged ?? inForce
  if (!known) return undefined
  const pools = known.pools.map(({ release, weight }) => {
    return { release, weight, instances: servingOf(state, release) }
  })
  return { pools, ...extrasOf(known) }
}
