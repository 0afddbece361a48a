import {
  createEngine,
  type Engine,
  type Fleet,
  type Hook,
  type Metrics,
  type Rollout,
  type RolloutEnd,
  type Router,
  type StartRequest,
  type Store,
} from '@changeover/engine'
import type { PortFaults } from './fault-options.ts'
import { faultyFleet, faultyRouter, faultyStore } from './faults.ts'
import { FLEET_CALLS, ROUTER_CALLS, STORE_CALLS } from './port-calls.ts'
import { fateOf, type SimulatedFaults } from './simulated-faults.ts'
import type { SimulatedPeople } from './simulated-people.ts'
import { type SimulatedProcess, simulatedProcess } from './simulated-process.ts'
import { crashingStore } from './crashing-store.ts'
import { silentLogger } from './silent-logger.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** What engines need to carry a rollout out. */
export interface SimulatedRun {
  readonly ports: {
    readonly router: Router
    readonly fleet: Fleet
    readonly metrics: Metrics
    readonly hooks: Readonly<Record<string, Hook>>
    readonly store: Store
  }
  readonly clock: VirtualClock
  readonly request: StartRequest
  /** What supersedes it, and when, in milliseconds of the clock. */
  readonly next?: { readonly request: StartRequest; readonly at: number } | undefined
  readonly faults: SimulatedFaults
  readonly seed: number
  readonly people: SimulatedPeople
}

/** The id of the rollout that an engine starts next: whoever starts it once more after a crash must not begin a second one. */
interface Naming {
  rollout: string
}

/** Long, so that hours of a rollout are not mostly renewals. */
const LEASE_TTL_MS = 45_000
/** Longer than any lease of a crashed engine. */
const LEASE_LAPSES_AFTER_MS = 60_000
/** After so long a rollout counts as one that never ends, in milliseconds. */
const PATIENCE_MS = 2 * 86_400_000

/** Starts the rollout, and lets another engine resume it whenever one falls silent or lets go of it. */
export async function carryOut(
  run: SimulatedRun,
): Promise<{ readonly end: RolloutEnd; readonly points: readonly number[] }> {
  const { clock, faults } = run
  const until = clock.now() + PATIENCE_MS
  const processes: SimulatedProcess[] = []
  const lines = badLines(run)
  const lasting = (end: RolloutEnd) => ({ end, points: processes.map((one) => one.points()) })
  for (let n = 0; clock.now() < until; n += 1) {
    const own = simulatedProcess(clock, fateOf(faults, n))
    processes.push(own)
    const naming = { rollout: run.request.service }
    const engine = engineIn(own, { ...run, ports: lines }, n, naming)
    const led = lead(engine, run, naming)
    const over = new AbortController()
    const tooLate = clock
      .sleep(Math.max(0, until - clock.now()), { signal: over.signal })
      .catch(() => undefined)
    const end = await Promise.race([led, own.silent.then(() => 'silent' as const), tooLate])
    over.abort('over')
    if (end === undefined) {
      for (const one of processes) one.die()
      return lasting({ rollout: '', outcome: 'interrupted', reason: 'it never ended' })
    }
    if (end !== 'silent' && end.outcome !== 'interrupted') return lasting(end)
    await clock.sleep(LEASE_LAPSES_AFTER_MS)
  }
  return lasting({ rollout: '', outcome: 'interrupted', reason: 'no engine could end it' })
}

/** What an engine does from its start on; one that throws has let go of everything. */
async function lead(engine: Engine, run: SimulatedRun, naming: Naming): Promise<RolloutEnd> {
  const { next, people, ports } = run
  try {
    const rollouts = await ports.store.rollouts()
    const follow = (rollout: Rollout | undefined): Promise<RolloutEnd> => {
      if (rollout) people.turnTo(rollout)
      return rollout?.finished ?? Promise.resolve(interrupted(rollouts.at(-1)?.id))
    }
    const open = rollouts.find(({ outcome }) => outcome === undefined)
    const last = rollouts.at(-1)
    const superseded = !next || last?.to.id === next.request.release.id
    if (superseded && last?.outcome) return { rollout: last.id, outcome: last.outcome }
    if (superseded && open) return await follow((await engine.resume())[0])
    const begin = async (): Promise<Rollout | undefined> =>
      open ? (await engine.resume())[0] : engine.start(run.request)
    const first = last?.outcome ? undefined : follow(await begin())
    return next
      ? await supersede({ engine, run, naming, first, follow })
      : ((await first) ?? interrupted())
  } catch (error) {
    return interrupted(undefined, error)
  }
}

interface Superseding {
  readonly engine: Engine
  readonly run: SimulatedRun
  readonly naming: Naming
  /** The end of the first rollout, where it is still to come. */
  readonly first: Promise<RolloutEnd> | undefined
  readonly follow: (rollout: Rollout) => Promise<RolloutEnd>
}

/** Starts the next rollout when its time has come, whether the first one has ended or not. */
async function supersede(superseding: Superseding): Promise<RolloutEnd> {
  const { engine, run, naming, first, follow } = superseding
  const { clock, next } = run
  if (!next) return interrupted()
  const started = (async () => {
    await clock.sleep(Math.max(0, next.at - clock.now()))
    naming.rollout = `${next.request.service}-2`
    return follow(await engine.start(next.request))
  })()
  const letGo = first?.then((end) => (end.outcome === 'interrupted' ? end : started))
  return Promise.race([started, ...(letGo ? [letGo] : [])])
}

function interrupted(rollout = '', error?: unknown): RolloutEnd {
  const reason = error instanceof Error ? error.message : 'nobody led it'
  return { rollout, outcome: 'interrupted', reason }
}

/** The ports as every engine reaches them; people and the observer are nearer. */
function badLines({ ports, faults, clock, seed }: SimulatedRun): SimulatedRun['ports'] {
  const lost = (known: readonly string[], seed: number): PortFaults => {
    const { calls, ...line } = faults.lost ?? {}
    const own = calls && { calls: calls.filter((call) => known.includes(call)) }
    return { ...line, ...own, seed, clock }
  }
  return {
    ...ports,
    router: faults.lost ? faultyRouter(ports.router, lost(ROUTER_CALLS, seed)) : ports.router,
    fleet: faults.lost ? faultyFleet(ports.fleet, lost(FLEET_CALLS, seed + 1)) : ports.fleet,
    store: faults.store
      ? faultyStore(ports.store, { ...faults.store, seed: seed + 2, clock })
      : ports.store,
  }
}

function engineIn(own: SimulatedProcess, run: SimulatedRun, n: number, naming: Naming): Engine {
  const { ports, faults } = run
  const crashAt = faults.crashAt?.[n]
  const store = crashAt === undefined ? ports.store : crashingStore(ports.store, crashAt)
  let ids = 0
  return createEngine({
    ...ports,
    router: own.through<Router>(ports.router, ROUTER_CALLS),
    fleet: own.through<Fleet>(ports.fleet, FLEET_CALLS),
    store: own.through<Store>(store, STORE_CALLS),
    clock: own.clock,
    logger: silentLogger,
    leaseTtl: LEASE_TTL_MS,
    holder: `engine ${n}`,
    newId: (prefix) =>
      prefix === run.request.service ? naming.rollout : `${prefix}-${n}-${(ids += 1)}`,
  })
}
