import {
  ChangeoverError,
  checkOptions,
  createEngine,
  type Fleet,
  type Instance,
  memoryStore,
  portSchema,
  type Release,
  type RolloutEnd,
  type RouteTable,
  type Router,
  type StartRequest,
  type Store,
  type Strategy,
} from '@changeover/engine'
import { z } from 'zod'
import { crashingStore } from './crashing-store.ts'
import { observe, type TracePoint } from './observer.ts'
import { seededRandom } from './seeded-random.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'
import { createWorld, type World } from './world.ts'

export interface SimulationOptions {
  readonly strategy: Strategy
  readonly replicas: number
  /** How the simulated outside behaves. */
  readonly world?: World
  /** What goes wrong. @default nothing */
  readonly faults?: SimulatedFaults
  /** The same seed gives the same run. @default 1 */
  readonly seed?: number
}

export interface SimulatedFaults {
  /**
   * Numbers of journal entries, rising: the engine crashes when it is about to write such an entry (or a later one), and
   * another one resumes when the lease has lapsed.
   */
  readonly crashAt?: readonly number[]
}

/** What happened in a simulated rollout. */
export interface Simulation extends Pick<RolloutEnd, 'code' | 'outcome' | 'reason'> {
  /** Rules of the engine that were broken; empty in a correct run. */
  readonly violations: readonly string[]
  readonly trace: readonly TracePoint[]
  /** Virtual milliseconds from start to end. */
  readonly durationMs: number
  /** Entries in the journal. */
  readonly entries: number
}

const duration = z.union([z.number(), z.string()])
const optionsSchema = z.strictObject({
  strategy: portSchema<Strategy>('strategy such as rolling()', ['plan']),
  replicas: z.int().positive(),
  world: z
    .strictObject({
      readyAfter: z.union([duration, z.tuple([duration, duration])]).optional(),
      stopAfter: duration.optional(),
      convergeAfter: duration.optional(),
      drainAfter: duration.optional(),
    })
    .optional(),
  faults: z.strictObject({ crashAt: z.array(z.int().positive()).optional() }).optional(),
  seed: z.int().optional(),
})

/** Longer than any lease of a crashed engine. */
const LEASE_LAPSES_AFTER_MS = 60_000
const SERVICE = 'simulated'
const OLD: Release = { id: 'old', version: '1', spec: {} }
const NEW: Release = { id: 'new', version: '2', spec: {} }

/**
 * Runs a strategy of your own on a virtual clock against a simulated outside, and checks the engine's rules at every
 * call: the release `old` serves with `replicas` instances, and the strategy replaces it by `new`.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, and whatever refuses the plan
 * @example
 * ```ts
 * const run = await simulate({ strategy: rolling(), replicas: 10, world: { readyAfter: '2s' } })
 * run.outcome // 'promoted'
 * run.violations // []
 * ```
 */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  checkOptions(optionsSchema, options, 'simulate')
  const { strategy, replicas, world = {}, seed = 1 } = options
  const clock = virtualClock()
  const random = seededRandom(seed)
  const outside = createWorld(world, clock, random, ({ release }) => release === NEW.id)
  const before = await Promise.all(
    Array.from({ length: replicas }, (_, i) =>
      outside.fleet.launch({ id: `old.${i + 1}`, service: SERVICE, release: OLD, fence: 0 }),
    ),
  )
  const table = await clock.run(serve(outside.router, before))

  const store = memoryStore({ clock })
  const request = { service: SERVICE, release: NEW, replicas, strategy, current: OLD }
  const plan = await createEngine({ ...outside, store, clock }).plan(request)
  const observer = observe({ ...outside, clock, plan, to: NEW.id, before, table })
  const startedAt = clock.now()
  const end = await clock.run(carryOut({ ...observer, store, clock }, request, options.faults))
  const { outcome, code, reason } = end
  return {
    outcome,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
    violations: observer.violations,
    trace: observer.trace,
    durationMs: clock.now() - startedAt,
    entries: await countEntries(store.read(end.rollout)),
  }
}

interface Subject {
  readonly router: Router
  readonly fleet: Fleet
  readonly store: Store
  readonly clock: VirtualClock
}

/** Starts the rollout, and resumes it after every crash. */
async function carryOut(
  { router, fleet, store, clock }: Subject,
  request: StartRequest,
  { crashAt = [] }: SimulatedFaults = {},
): Promise<RolloutEnd> {
  const engines = [...crashAt.map((seq) => crashingStore(store, seq)), store].map((seen, i) =>
    createEngine({
      router,
      fleet,
      store: seen,
      clock,
      holder: `engine ${i}`,
      newId: (prefix) => prefix,
    }),
  )
  const [first, ...others] = engines
  let end = await (await first?.start(request))?.finished
  for (const engine of others) {
    if (end?.outcome !== 'interrupted') break
    await clock.sleep(LEASE_LAPSES_AFTER_MS)
    const [resumed] = await engine.resume()
    end = await resumed?.finished
  }
  if (end) return end
  throw new ChangeoverError(
    'CHANGEOVER_SIMULATION_LOST',
    'The rollout was lost: no engine could resume it.',
  )
}

/** Puts the earlier release in front of the traffic. */
async function serve(router: Router, before: readonly Instance[]): Promise<RouteTable> {
  const pools = [{ release: OLD.id, weight: 10_000, instances: before }]
  const table = { service: SERVICE, revision: 1, fence: 0, pools }
  const receipt = await router.apply(table)
  await router.converge(receipt, { deadline: 3_600_000 })
  return table
}

async function countEntries(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of entries) count += 1
  return count
}
