import {
  createEngine,
  type Engine,
  type Fleet,
  type Hook,
  type Metrics,
  type RolloutEnd,
  type Router,
  type StartRequest,
  type Store,
} from '@changeover/engine'
import { faultyFleet, faultyRouter, faultyStore } from './faults.ts'
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
  readonly faults: SimulatedFaults
  readonly seed: number
  readonly people: SimulatedPeople
}

/** Long, so that hours of a rollout are not mostly renewals. */
const LEASE_TTL_MS = 45_000
/** Longer than any lease of a crashed engine. */
const LEASE_LAPSES_AFTER_MS = 60_000
/** More than any faults kill. */
const MOST_ENGINES = 20
/** After so long a rollout counts as one that never ends, in milliseconds. */
const PATIENCE_MS = 2 * 86_400_000

const ROUTER_CALLS = ['probe', 'observe', 'apply', 'converge', 'drain'] as const
const FLEET_CALLS = ['launch', 'probe', 'stop', 'list'] as const
const STORE_CALLS = ['append', 'rollouts', 'lease', 'release'] as const

/** Starts the rollout, and lets another engine resume it whenever one falls silent or lets go of it. */
export async function carryOut(
  run: SimulatedRun,
): Promise<{ readonly end: RolloutEnd; readonly points: readonly number[] }> {
  const { clock, faults, people } = run
  const until = clock.now() + PATIENCE_MS
  const processes: SimulatedProcess[] = []
  const lines = badLines(run)
  const lasting = (end: RolloutEnd) => ({ end, points: processes.map((one) => one.points()) })
  for (let n = 0; n < MOST_ENGINES; n += 1) {
    const own = simulatedProcess(clock, fateOf(faults, n))
    processes.push(own)
    const engine = engineIn(own, { ...run, ports: lines }, n)
    const led = lead(engine, run, people)
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

/** Starts it, or goes on with it where somebody has started it; an engine that throws has let go of it. */
async function lead(
  engine: Engine,
  { ports, request }: SimulatedRun,
  people: SimulatedPeople,
): Promise<RolloutEnd> {
  try {
    const [known] = await ports.store.rollouts()
    if (known?.outcome) return { rollout: known.id, outcome: known.outcome }
    const rollout = known ? (await engine.resume())[0] : await engine.start(request)
    if (rollout) people.turnTo(rollout)
    return (await rollout?.finished) ?? interrupted(known?.id)
  } catch (error) {
    return interrupted(undefined, error)
  }
}

function interrupted(rollout = '', error?: unknown): RolloutEnd {
  const reason = error instanceof Error ? error.message : 'nobody led it'
  return { rollout, outcome: 'interrupted', reason }
}

/** The ports as every engine reaches them; people and the observer are nearer. */
function badLines({ ports, faults, clock, seed }: SimulatedRun): SimulatedRun['ports'] {
  const lost = { ...faults.lost, seed, clock }
  return {
    ...ports,
    router: faults.lost ? faultyRouter(ports.router, lost) : ports.router,
    fleet: faults.lost ? faultyFleet(ports.fleet, { ...lost, seed: seed + 1 }) : ports.fleet,
    store: faults.store
      ? faultyStore(ports.store, { ...faults.store, seed: seed + 2, clock })
      : ports.store,
  }
}

function engineIn(own: SimulatedProcess, run: SimulatedRun, n: number): Engine {
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
    newId: (prefix) => (prefix === run.request.service ? prefix : `${prefix}-${n}-${(ids += 1)}`),
  })
}
