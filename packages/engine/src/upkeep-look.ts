import { refuse } from './changeover-error.ts'
import type { Readiness } from './fleet.ts'
import type { Instance } from './instance.ts'
import type { InstanceState } from './rollout-state.ts'
import { routesAlike } from './route-table.ts'
import type { Run } from './run.ts'
import type { TaskGroup } from './task-group.ts'

const LOOK_EVERY_MS = 5_000
/** The router is looked at every other time. */
const LOOKS_PER_OBSERVATION = 2
/** Changes of the router that come closer together than this are looked at once. */
const SETTLE_MS = 100
/** Looks in a row after which an instance counts as unready; one may be bad luck. */
const UNREADY_AFTER_LOOKS = 3
const PROBES_AT_ONCE = 64

/** The watch over a service while a plan waits. */
export interface Upkeep {
  /** The run itself: tables that are sent here are known to every later step. */
  readonly run: Run
  readonly group: TaskGroup
  /** Aborts when the wait is over. */
  readonly over: AbortSignal
  /** What was told already; the same thing is not told again and again. */
  readonly told: Set<string>
  /** How many looks in a row found an instance unready. */
  readonly unready: Map<string, number>
  /** Instances whose launch was begun here. */
  readonly begun: Set<string>
}

/**
 * Looks at the instances and at the router until the wait is over, and journals what it finds. A router that tells of a
 * change is looked at at once: one that restarted and forgot serves nobody until then.
 */
export async function keepLooking(upkeep: Upkeep): Promise<void> {
  const { run, over } = upkeep
  let alarm = new AbortController()
  const unwatch = run.ports.router.watch?.(run.state.plan.service, () => alarm.abort())
  try {
    for (let look = 1; ;) {
      if (await isAlarmed(upkeep, alarm.signal)) {
        alarm = new AbortController()
        await observeRoutes(upkeep)
        continue
      }
      await probeAll(upkeep)
      if (look % LOOKS_PER_OBSERVATION === 0) await observeRoutes(upkeep)
      look += 1
    }
  } catch (error) {
    if (!over.aborted || upkeep.group.signal.aborted) throw error
  } finally {
    unwatch?.()
  }
}

/** Waits for the next look, or for an alarm and what may come with it. */
async function isAlarmed({ run, over }: Upkeep, alarm: AbortSignal): Promise<boolean> {
  const { clock } = run.ports
  try {
    await clock.sleep(LOOK_EVERY_MS, { signal: AbortSignal.any([over, alarm]) })
    return false
  } catch (error) {
    if (over.aborted || !alarm.aborted) throw error
  }
  await clock.sleep(SETTLE_MS, { signal: over })
  return true
}

async function probeAll(upkeep: Upkeep): Promise<void> {
  const known = [...upkeep.run.state.instances.values()]
  const running = known.filter(({ phase }) => phase !== 'launching' && phase !== 'stopping')
  for (let at = 0; at < running.length; at += PROBES_AT_ONCE) {
    await Promise.all(running.slice(at, at + PROBES_AT_ONCE).map((one) => probe(upkeep, one)))
  }
}

async function probe(upkeep: Upkeep, known: InstanceState): Promise<void> {
  const { run, over, unready } = upkeep
  const { id, instance } = known
  if (!instance) return
  const readiness = await ask(upkeep, instance)
  over.throwIfAborted()
  if (run.state.instances.get(id) !== known || known.phase === 'stopping') return
  const { ready, exited, reason = 'no reason given' } = readiness
  if (exited) return run.record({ type: 'lost', id, reason })
  if (!ready) return foundUnready(upkeep, known, reason)
  unready.delete(id)
  if (known.phase === 'starting') await run.record({ type: 'ready', id }, { type: 'available', id })
}

/** A fleet that cannot be asked has not said that the instance is ready. */
async function ask({ run, over }: Upkeep, instance: Instance): Promise<Readiness> {
  try {
    return await run.ports.fleet.probe(instance, { signal: over })
  } catch (error) {
    over.throwIfAborted()
    return { ready: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

async function foundUnready(upkeep: Upkeep, known: InstanceState, reason: string): Promise<void> {
  const { run, unready } = upkeep
  const { id, release, phase } = known
  const looks = (unready.get(id) ?? 0) + 1
  unready.set(id, looks)
  if (looks < UNREADY_AFTER_LOOKS || phase === 'starting') return
  const { direction, plan, counts } = run.state
  if (direction === 'forward' && release === plan.to.id) {
    const withinMs = UNREADY_AFTER_LOOKS * LOOK_EVERY_MS
    throw refuse('CHANGEOVER_NOT_READY', {
      instance: id,
      withinMs,
      problem: `it was ready before: ${reason}`,
      output: '(none)',
    })
  }
  // The last one keeps its traffic: a bad answer is better than none.
  if ((counts.get(release)?.available ?? 0) > 1) {
    return run.record({ type: 'unready', id, reason })
  }
  await tell(upkeep, id, `${id} is unready, and nobody else serves "${release}": ${reason}`)
}

/** Whoever changed the routes, the plan's come back. */
async function observeRoutes(upkeep: Upkeep): Promise<void> {
  const { run, over } = upkeep
  const { inForce } = run
  const { service } = run.state.plan
  const observed = await run.ports.router
    .observe(service, { signal: over })
    .catch((error: unknown) => `the router cannot be observed: ${String(error)}`)
  over.throwIfAborted()
  if (typeof observed === 'string') return tell(upkeep, 'router', observed)
  // A table of ours, or of somebody else, is on its way; the next look shows where it leads.
  if (!inForce || run.inForce !== inForce) return
  if (!observed.converged && (observed.drift.length === 0 || isSending(run))) return
  if (observed.table && observed.drift.length === 0 && routesAlike(observed.table, inForce)) return
  run.inForce = undefined
  run.sent = observed.table
  run.revision = Math.max(run.revision, observed.revision)
  const seen = observed.table?.pools.map(({ release, weight }) => `${release} ${weight}`)
  const told = [...observed.drift, seen?.join(', ') ?? 'nothing'].join('; ')
  await run.record({
    type: 'noticed',
    message: `somebody else changed the routes to ${told}; they are put right`,
  })
}

/** Whether a table of ours is on its way: what differs meanwhile is its own doing. */
function isSending({ sent, inForce }: Run): boolean {
  return sent?.revision !== inForce?.revision
}

/** Journals something that people should see, once. */
export async function tell({ run, told }: Upkeep, about: string, message: string): Promise<void> {
  if (told.has(about)) return
  told.add(about)
  await run.record({ type: 'noticed', message })
}
