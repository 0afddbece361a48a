import {
  createEngine,
  type Entry,
  FULL_WEIGHT,
  type Instance,
  memoryStore,
  type Plan,
  type Release,
  type RolloutEnd,
  type RouteTable,
  type Router,
  type StartRequest,
  toMs,
} from '@changeover/engine'
import { journalProblems, servingProblems } from './end-check.ts'
import type { TracePoint } from './observer.ts'
import type { Inside } from './watch.ts'
import { floorProblems } from './floor-check.ts'
import type { JournalObserver, JournalsObserver } from './journal-observer.ts'
import { observeRollouts } from './rollouts-observer.ts'
import { planOrRefuse } from './plan-refusal.ts'
import { seededRandom } from './seeded-random.ts'
import { losesInstances, scheduleFaults } from './simulated-faults.ts'
import { simulatedPeople } from './simulated-people.ts'
import { carryOut, type SimulatedRun } from './simulated-engines.ts'
import { checkSimulation, replayLine, type SimulationOptions } from './simulation-options.ts'
import { testingError } from './testing-error.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'
import type { Outside } from './outside.ts'
import { createWorld, type World } from './world.ts'

/** What happened in a simulated rollout. */
export interface Simulation extends Pick<RolloutEnd, 'code' | 'outcome' | 'reason'> {
  /** Rules of the engine that were broken; empty in a correct run. */
  readonly violations: readonly string[]
  readonly trace: readonly TracePoint[]
  /** Virtual milliseconds from start to end. */
  readonly durationMs: number
  /** Entries in the journal. */
  readonly entries: number
  /** All entries; of the rollout that superseded the first one too. */
  readonly journal: readonly Entry[]
  /** Points that each engine passed: two for each call to a port, at each of which it can be made to crash. */
  readonly points: readonly number[]
  /** A call that runs this simulation again, as one line of code. */
  readonly replay: string
}

const SERVICE = 'simulated'
const readiness = { everyMs: 1_000 }
const OLD: Release = { id: 'old', version: '1', spec: {}, readiness }
const NEW: Release = { id: 'new', version: '2', spec: {}, readiness }
const NEWER: Release = { id: 'newer', version: '3', spec: {}, readiness }
/** How late the end of a step may come where nothing holds it up, in milliseconds. */
const LATE_MS = 30_000
/** By then nobody may still rely on an instance that ended by itself, in milliseconds. */
const NOTICED_WITHIN_MS = 60_000
/** For how long is watched, in milliseconds, whether anybody acts after the end. */
const QUIET_MS = 600_000

/**
 * Runs a strategy of your own on a virtual clock against a simulated outside, and checks the engine's rules at every
 * call: the release `old` serves with `replicas` instances, and the strategy replaces it by `new`. With `supersede`, a third
 * release `newer` is started meanwhile, and the result tells of that one.
 *
 * Some lies no engine can notice: a router that says it is drained, or shows routes that it does not follow, is believed.
 *
 * @throws ChangeoverError `CHANGEOVER_OPTION_INVALID`, and whatever refuses the plan
 * @example
 * ```ts
 * const run = await simulate({ strategy: rolling(), replicas: 10, world: { readyAfter: '2s' } })
 * run.outcome // 'promoted'
 * run.violations // []
 * run.replay // the line that runs it again
 * ```
 */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const strategy = checkSimulation(options)
  const { replicas, world = {}, faults = {}, seed = 1 } = options
  const clock = virtualClock()
  const outside = createWorld({ world, faults }, clock, seededRandom(seed), (id) => id !== OLD.id)
  const before = await launchOld(outside, replicas)
  const table = await clock.run(serve(outside.routing.router, before))

  const store = memoryStore({ clock })
  const request = { service: SERVICE, release: NEW, replicas, strategy, current: OLD }
  const { metrics, hooks } = outside
  const ports = { router: outside.routing.router, fleet: outside.instances.fleet, metrics, hooks }
  // Asked by the observer only: it never leads.
  const bystander = createEngine({ ...ports, store, clock })
  const plan = await planOrRefuse(bystander, request, { ...ports, store })
  const people = simulatedPeople(world, clock)
  const { observer, journals } = observeRollouts({
    ...ports,
    store,
    clock,
    plan,
    before,
    table,
    service: () => bystander.service(SERVICE),
    disturbed: losesInstances(faults),
    inside: lookInside(outside, world, plan, faults.lies ?? false),
    slackMs: slackOf(world, faults),
    onEntry: people.onEntry,
  })
  const startedAt = clock.now()
  scheduleFaults(faults, outside, clock)
  const seen = { ...ports, router: observer.router, fleet: observer.fleet, store: journals.store }
  const next = nextOf(options, request, startedAt)
  const subject = { ports: seen, clock, request, next, faults, seed, people }
  const { end, points } = await orReplay(options, clock.run(carryOut(subject)))
  const durationMs = clock.now() - startedAt
  // Whoever was told of convergence too early ends too early.
  if (faults.lies) await clock.run(clock.sleep(toMs(world.convergeAfter ?? 0, 'world')))
  const serving = problemsOutside(outside, journals.latest(), losesInstances(faults))
  await clock.run(settle(clock, faults.stall?.for))
  observer.conclude()
  const last = { ...journals.latest().plan, service: SERVICE }
  const promoted = end.outcome === 'promoted'
  const floor = promoted ? await floorProblems({ ...ports, store, clock }, last) : []
  const records = problemsInside(journals, world)
  const journal = journals.all.flatMap(({ entries }) => entries)
  return {
    ...outcomeOf(end, journals.latest()),
    violations: [...observer.violations, ...serving, ...records, ...floor],
    trace: observer.trace,
    durationMs,
    entries: journal.length,
    journal,
    points,
    get replay() {
      return replayLine(options)
    },
  }
}

function problemsOutside(
  { routing, instances }: Outside,
  { entries, plan }: JournalObserver,
  disturbed: boolean,
): string[] {
  return servingProblems({
    entries,
    plan,
    table: routing.effective(),
    ready: instances.ready,
    gone: (id) => instances.goneForMs(id) > NOTICED_WITHIN_MS,
    disturbed,
  })
}

function problemsInside({ all }: JournalsObserver, { errors }: World): string[] {
  return all.flatMap(({ entries }) => journalProblems(entries, typeof errors === 'string'))
}

function nextOf(
  { supersede }: SimulationOptions,
  request: StartRequest,
  startedAt: number,
): SimulatedRun['next'] {
  if (!supersede) return undefined
  const { strategy = request.strategy } = supersede
  const at = startedAt + toMs(supersede.at, 'simulate.supersede.at')
  return { at, request: { ...request, release: NEWER, strategy, supersede: true } }
}

/** By how much a step may outlast its deadline: a table may be on its way, and an engine may not be able to move. */
function slackOf(
  { convergeAfter = 0 }: World,
  { stall, store }: SimulationOptions['faults'] & object,
): number {
  const unmoved =
    toMs(stall?.for ?? 0, 'faults.stall.for') + toMs(store?.delay ?? 0, 'faults.store.delay')
  return LATE_MS + toMs(convergeAfter, 'world.convergeAfter') + unmoved
}

/** Why it ended so is told by the journal, whoever was there to see it. */
function outcomeOf(
  { outcome, code, reason }: RolloutEnd,
  { entries }: JournalObserver,
): Pick<Simulation, 'code' | 'outcome' | 'reason'> {
  const last = entries.at(-1)
  const told = last?.type === 'finished' ? last : { code, reason }
  return {
    outcome,
    ...(told.code === undefined ? {} : { code: told.code }),
    ...(told.reason === undefined ? {} : { reason: told.reason }),
  }
}

function launchOld({ instances }: Outside, replicas: number): Promise<Instance[]> {
  const launches = Array.from({ length: replicas }, (_, i) =>
    instances.fleet.launch({ id: `old.${i + 1}`, service: SERVICE, release: OLD, fence: 0 }),
  )
  return Promise.all(launches)
}

/** Puts the earlier release in front of the traffic. */
async function serve(router: Router, before: readonly Instance[]): Promise<RouteTable> {
  const pools = [{ release: OLD.id, weight: FULL_WEIGHT, instances: before }]
  const table = { service: SERVICE, revision: 1, fence: 0, pools }
  const receipt = await router.apply(table)
  await router.converge(receipt, { deadline: 3_600_000 })
  return table
}

function lookInside(
  { routing, instances }: Outside,
  { drainAfter = 0, convergeAfter = 0 }: World,
  { steps, rollback }: Plan,
  lies: boolean,
): Inside {
  const drains = [...steps, ...rollback].flatMap((step) =>
    step.step === 'drain' ? [step] : step.step === 'replace' ? [step.drain] : [],
  )
  const deadlines = drains
    .filter(({ onDeadline }) => onDeadline === 'force')
    .map(({ deadlineMs }) => deadlineMs)
  return {
    ...routing,
    ...instances,
    // Who was lied to may journal it; what is stopped is still checked.
    followed: (revision) => lies || routing.followed(revision),
    drainAfterMs: toMs(drainAfter, 'world.drainAfter'),
    // Whoever was told of convergence too early has waited for the drain from then on, and could not know better.
    forcedAfterMs: Math.min(...deadlines) - (lies ? toMs(convergeAfter, 'world.convergeAfter') : 0),
  }
}

/** Lets everybody who was suspended wake up, and looks on for a while. */
async function settle(clock: VirtualClock, stalledFor: number | string = 0): Promise<void> {
  await clock.sleep(toMs(stalledFor, 'faults.stall.for') + QUIET_MS)
}

async function orReplay<T>(options: SimulationOptions, run: Promise<T>): Promise<T> {
  try {
    return await run
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw testingError(
      'CHANGEOVER_SIMULATION_LOST',
      { problem, replay: replayLine(options) },
      error,
    )
  }
}
