import {
  createEngine,
  type Engine,
  type Fleet,
  FULL_WEIGHT,
  type Instance,
  memoryStore,
  type Release,
  rolling,
  type Router,
  type Store,
  toMs,
} from '@changeover/engine'
import type { PortFaults, World } from '@changeover/testing'
import { faultyFleet, faultyRouter } from '../src/faults.ts'
import { journalProblems } from '../src/end-check.ts'
import type { Outside } from '../src/outside.ts'
import { FLEET_CALLS, ROUTER_CALLS, STORE_CALLS } from '../src/port-calls.ts'
import { observeRollouts } from '../src/rollouts-observer.ts'
import { seededRandom } from '../src/seeded-random.ts'
import { silentLogger } from '../src/silent-logger.ts'
import { type ProcessFate, simulatedProcess } from '../src/simulated-process.ts'
import { virtualClock, type VirtualClock } from '../src/virtual-clock.ts'
import { createWorld } from '../src/world.ts'

/** What happens to a service between two rollouts. */
export type Disaster =
  /** Everything ends, and the router comes back without its tables. */
  | 'reboot'
  /** Everything ends, and the router comes back with the table it had. */
  | 'stale-reboot'
  /** One instance ends. */
  | 'loss'
  /** The router forgets, and everything else goes on. */
  | 'oblivion'
  /** One instance turns unready for two minutes. */
  | 'sickness'

export interface RepairCase {
  readonly replicas: number
  readonly world: World
  /** What happens, and when after the rollout has ended. */
  readonly disasters: readonly { readonly at: number; readonly disaster: Disaster }[]
  /** For each engine that works at the same time: what becomes of it, and of the one after it. */
  readonly engines: readonly (readonly ProcessFate[])[]
  readonly lost?: Pick<PortFaults, 'atMost' | 'lostReplies' | 'lostRequests'>
  readonly seed: number
  /** After so long, in milliseconds, it counts as never repaired. @default a day */
  readonly patienceMs?: number
}

export interface RepairRun {
  readonly violations: readonly string[]
  /** How the repairs ended. */
  readonly ends: readonly string[]
  /** Points that the first engine passed. */
  readonly points: number
}

const SERVICE = 'simulated'
const readiness = { everyMs: 1_000 }
const OLD: Release = { id: 'old', version: '1', spec: {}, readiness }
const NEW: Release = { id: 'new', version: '2', spec: {}, readiness }
const LEASE_TTL_MS = 45_000
const LEASE_LAPSES_AFTER_MS = 60_000
const TEND_EVERY_MS = 5_000
const PATIENCE_MS = 86_400_000
const QUIET_MS = 600_000

/** Deploys a release, lets disasters happen to it, and lets engines repair it, each of which may die at any call. */
export async function simulateRepair(options: RepairCase): Promise<RepairRun> {
  const { replicas, world, seed, lost, patienceMs = PATIENCE_MS } = options
  const clock = virtualClock()
  const outside = createWorld({ world, faults: {} }, clock, seededRandom(seed), () => true)
  const before = await clock.run(serveOld(outside, replicas, clock))
  const table = (await outside.routing.router.observe(SERVICE)).table!
  const store = memoryStore({ clock })
  const ports = { router: outside.routing.router, fleet: outside.instances.fleet }
  const bystander = createEngine({ ...ports, store, clock })
  const strategy = rolling()
  const request = { service: SERVICE, release: NEW, replicas, strategy, current: OLD }
  const { observer, journals } = observeRollouts({
    ...ports,
    store,
    clock,
    plan: await bystander.plan(request),
    before,
    table,
    service: () => bystander.service(SERVICE),
    disturbed: true,
    inside: {
      ...outside.routing,
      ...outside.instances,
      drainAfterMs: toMs(world.drainAfter ?? 0, 'drainAfter'),
      forcedAfterMs: 30_000,
    },
    slackMs: 60_000,
    onEntry: () => undefined,
  })
  const seen = { router: observer.router, fleet: observer.fleet, store: journals.store }
  const deployer = createEngine({ ...seen, clock, logger: silentLogger, holder: 'deployer' })
  const rollout = await clock.run(deployer.start(request))
  await clock.run(rollout.finished)

  const begun = clock.now()
  const last = Math.max(...options.disasters.map(({ at }) => at))
  for (const { at, disaster } of options.disasters)
    void clock.sleep(at).then(() => befall(outside, disaster, replicas))
  const isWell = (): boolean =>
    clock.now() > begun + last &&
    stands(outside, replicas) &&
    journals.all.every((one) => one.isOver())
  const line: PortFaults = { ...lost, seed, clock }
  const reached = lost
    ? { ...seen, router: faultyRouter(seen.router, line), fleet: faultyFleet(seen.fleet, line) }
    : seen
  const tending = options.engines.map((fates, lane) =>
    tend({ ports: reached, clock, lane, fates, isWell, until: begun + patienceMs }),
  )
  const [points = 0] = await clock.run(Promise.all(tending))
  const well = isWell()
  const rollouts = journals.all.length
  const quiet = createEngine({ ...seen, clock, logger: silentLogger, holder: 'quiet' })
  await clock.run(clock.sleep(QUIET_MS))
  const again = await clock.run(quiet.repair(SERVICE))
  observer.conclude()
  const { current } = await bystander.service(SERVICE)
  const back = await clock.run(bystander.planRollback(SERVICE).catch((error: unknown) => error))
  const repairs = journals.all.slice(1)
  return {
    points,
    ends: repairs.map(({ entries }) => {
      const end = entries.at(-1)
      return end?.type === 'finished' ? end.outcome : 'open'
    }),
    violations: [
      ...observer.violations,
      ...repairs.flatMap(({ entries }) => journalProblems(entries, false)),
      ...(well ? [] : ['the service is not what it should be']),
      ...(again !== undefined || journals.all.length > rollouts
        ? ['what is well is repaired']
        : []),
      ...(current?.id === NEW.id ? [] : [`${current?.id} is current`]),
      ...(isPlan(back) && back.to.id === OLD.id ? [] : ['a rollback does not lead to old']),
    ],
  }
}

function isPlan(value: unknown): value is { readonly to: Release } {
  return typeof value === 'object' && value !== null && 'to' in value
}

async function serveOld(
  { routing, instances }: Outside,
  replicas: number,
  clock: VirtualClock,
): Promise<Instance[]> {
  const launched = await Promise.all(
    Array.from({ length: replicas }, (_, i) =>
      instances.fleet.launch({ id: `old.${i + 1}`, service: SERVICE, release: OLD, fence: 0 }),
    ),
  )
  await clock.sleep(60_000)
  const pools = [{ release: OLD.id, weight: FULL_WEIGHT, instances: launched }]
  const receipt = await routing.router.apply({ service: SERVICE, revision: 1, fence: 0, pools })
  await routing.router.converge(receipt, { deadline: 3_600_000 })
  return launched
}

function befall({ routing, instances }: Outside, disaster: Disaster, replicas: number): void {
  if (disaster === 'reboot' || disaster === 'oblivion') routing.forget()
  if (disaster === 'reboot' || disaster === 'stale-reboot') instances.kill(NEW.id, replicas * 10)
  if (disaster === 'loss') instances.kill(NEW.id, 1)
  if (disaster === 'sickness') instances.falter(NEW.id, 1, 120_000)
}

/** Whether all traffic goes to as many ready instances as there should be. */
function stands({ routing, instances }: Outside, replicas: number): boolean {
  const [pool, ...others] = routing.effective()?.pools ?? []
  if (!pool || others.length > 0 || pool.release !== NEW.id) return false
  const ready = pool.instances.filter(({ id }) => instances.ready(id))
  return ready.length === pool.instances.length && ready.length >= replicas
}

interface Tending {
  readonly ports: { readonly router: Router; readonly fleet: Fleet; readonly store: Store }
  readonly clock: VirtualClock
  readonly lane: number
  readonly fates: readonly ProcessFate[]
  readonly isWell: () => boolean
  readonly until: number
}

/** Lets one engine after the other look after the service. Resolves with the points that the first one passed. */
async function tend({ ports, clock, lane, fates, isWell, until }: Tending): Promise<number> {
  let first: number | undefined
  for (let n = 0; !isWell() && clock.now() < until; n += 1) {
    const own = simulatedProcess(clock, fates[n] ?? {})
    let ids = 0
    const engine = createEngine({
      router: own.through<Router>(ports.router, ROUTER_CALLS),
      fleet: own.through<Fleet>(ports.fleet, FLEET_CALLS),
      store: own.through<Store>(ports.store, STORE_CALLS),
      clock: own.clock,
      logger: silentLogger,
      leaseTtl: LEASE_TTL_MS,
      holder: `engine ${lane}.${n}`,
      newId: (prefix) => `${prefix}-${lane}-${n}-${(ids += 1)}`,
    })
    const looking = lookAfter(engine, ports.store, clock, () => isWell() || clock.now() >= until)
    await Promise.race([looking, own.silent])
    first ??= own.points()
    // One that is only suspended goes on later, beside the next one.
    if (!isWell()) await clock.sleep(LEASE_LAPSES_AFTER_MS)
  }
  return first ?? 0
}

/** What an agent does. */
async function lookAfter(
  engine: Engine,
  store: Store,
  clock: VirtualClock,
  over: () => boolean,
): Promise<void> {
  while (!over()) {
    try {
      // Tables that are restored at once are not journaled, and the observer wants every table to be.
      const open = await store.rollouts({ open: true })
      const [resumed] = open.length > 0 ? await engine.resume({ wait: 0 }) : []
      const rollout = resumed ?? (await engine.repair(SERVICE))
      await rollout?.finished
    } catch {
      // The line is bad; the next look is better.
    }
    await clock.sleep(TEND_EVERY_MS)
  }
}
