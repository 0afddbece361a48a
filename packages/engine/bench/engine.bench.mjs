// What an engine costs as it grows: instances, services, journal entries, finished rollouts. Everything on the virtual
// clock and in memory, each figure in a process of its own; times are CPU time, since machines are noisy.
// Run with: node packages/engine/bench/engine.bench.mjs [instances | simulated | services | histories | folding | finished]
import { execFileSync } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as engine from '@changeover/engine'
import { simulate, virtualClock } from '@changeover/testing'

const { chainEntry, createEngine, foldJournal, memoryFleet, memoryRouter, memoryStore, rolling } =
  engine

const STRATEGIES = {
  rolling: () => rolling(),
  canary: () => engine.canary({ steps: [engine.weight(10), engine.bake('1m'), engine.weight(50)] }),
  blueGreen: () => engine.blueGreen({ keepOld: '1m' }),
}
const ROUNDS = 3
const ROLLOUTS = 10
const WORLD = {
  readyAfter: '2s',
  stopAfter: '1s',
  convergeAfter: '50ms',
  drainAfter: '500ms',
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const megabytes = (bytes) => bytes / 2 ** 20

/** One rollout of `size` instances, from one. */
async function instances(strategy, size) {
  const world = stage()
  await deploy(world, ['shop'], 1, 'rolling', 1)
  const began = cpuMs()
  await deploy(world, ['shop'], 2, strategy, size)
  return { ms: cpuMs() - began, size }
}

/** One rollout of `size` instances, from as many, with every call examined by the simulator; its notes take memory too. */
async function simulated(strategy, size) {
  const began = cpuMs()
  const run = await simulate({ strategy: STRATEGIES[strategy](), replicas: size, world: WORLD })
  const ms = cpuMs() - began
  if (run.outcome !== 'promoted' || run.violations.length > 0) throw new Error(JSON.stringify(run))
  return { ms, size, entries: run.entries }
}

/** An engine on a virtual clock, and a fleet that finds the instances of a service without asking all others. */
function stage() {
  const clock = virtualClock()
  const fleets = new Map()
  const of = (service) => {
    if (!fleets.has(service)) fleets.set(service, memoryFleet({ clock, readyAfterMs: () => 2_000 }))
    return fleets.get(service)
  }
  const fleet = {
    name: 'memory, by service',
    launch: (request) => of(request.service).launch(request),
    probe: (instance) => of(instance.service).probe(instance),
    stop: (instance, options) => of(instance.service).stop(instance, options),
    list: (service) => of(service).list(service),
    watch: (service, listener) => of(service).watch(service, listener),
  }
  const store = memoryStore({ clock, retain: 100 })
  const router = memoryRouter({ clock, convergeAfterMs: 50, drainAfterMs: 500 })
  return { clock, store, engine: createEngine({ clock, store, router, fleet }) }
}

const release = (n) => ({ id: `v${n}`, version: `${n}.0.0`, spec: {} })

async function deploy({ clock, engine }, services, n, strategy, replicas) {
  const requests = services.map((service) => ({
    service,
    release: release(n),
    replicas,
    strategy: STRATEGIES[strategy](),
  }))
  const rollouts = await Promise.all(requests.map((request) => engine.start(request)))
  const ends = await clock.run(Promise.all(rollouts.map(({ finished }) => finished)))
  const failed = ends.find(({ outcome }) => outcome !== 'promoted')
  if (failed) throw new Error(JSON.stringify(failed))
  return rollouts
}

/** `size` services of 10 instances each, deployed at once by one engine. */
async function services(strategy, size) {
  const world = stage()
  const names = Array.from({ length: size }, (_, n) => `service-${n}`)
  await deploy(world, names, 1, 'rolling', 10)
  const began = cpuMs()
  await deploy(world, names, 2, strategy, 10)
  return { ms: cpuMs() - began, size: size * 10 }
}

/** The history of each of `size` services asked for once, in a store with so many finished rollouts of each. */
async function histories(_, size) {
  const store = memoryStore({ retain: 100 })
  const plan = { strategy: 'rolling', to: release(1), replicas: 1, steps: [], rollback: [] }
  const [shared, outcome] = [{ at: 1, fence: 1 }, 'promoted']
  const names = Array.from({ length: size }, (_, n) => `service-${n}`)
  for (const service of names) {
    for (let n = 0; n < ROLLOUTS; n += 1) {
      const link = { ...shared, rollout: `${service}-${n}` }
      const body = { type: 'created', plan: { ...plan, service } }
      const first = chainEntry(body, { ...link, seq: 0, prev: engine.GENESIS_HASH })
      const last = chainEntry({ type: 'finished', outcome }, { ...link, seq: 1, prev: first.hash })
      await store.append(link.rollout, 0, [first, last])
    }
  }
  const began = cpuMs()
  for (const service of names) {
    const { length } = await store.rollouts({ service })
    if (length !== ROLLOUTS) throw new Error(`${length} rollouts`)
  }
  return { ms: cpuMs() - began, size }
}

/** A journal of at least `size` entries, folded. */
async function folding(_, size) {
  const world = stage()
  const [rollout] = await deploy(world, ['shop'], 1, 'rolling', Math.ceil(size / 4))
  const entries = []
  for await (const entry of world.store.read(rollout.id)) entries.push(entry)
  if (entries.length < size) throw new Error(`only ${entries.length} entries`)
  const began = cpuMs()
  const state = foldJournal(entries)
  const ms = cpuMs() - began
  if (state.outcome !== 'promoted') throw new Error('the journal is not whole')
  return { ms, size: entries.length }
}

/** What is resident after `size` finished rollouts of one service of 4 instances, one after the other. */
async function finished(strategy, size) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const world = stage()
  const began = cpuMs()
  for (let n = 1; n <= size; n += 1)
    await deploy(world, ['shop'], n, n > 1 ? strategy : 'rolling', 4)
  const ms = cpuMs() - began
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  return { ms, size, heap: megabytes(heapUsed), rss: megabytes(rss) }
}

const SUBJECTS = { instances, simulated, services, histories, folding, finished }
const MATRIX = [
  ...Object.keys(STRATEGIES).map((strategy) => ['instances', strategy, [1_000, 10_000]]),
  ...Object.keys(STRATEGIES).map((strategy) => ['simulated', strategy, [1_000, 10_000]]),
  ...Object.keys(STRATEGIES).map((strategy) => ['services', strategy, [100, 1_000]]),
  ['histories', 'none', [100, 1_000]],
  ['folding', 'rolling', [10_000, 100_000]],
  ...Object.keys(STRATEGIES).map((strategy) => ['finished', strategy, [250, 1_000]]),
]

function measureApart(subject, strategy, size) {
  const args = [new URL(import.meta.url).pathname, subject, strategy, String(size)]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

function print(subject, strategy, size, runs) {
  const ms = median(runs.map((run) => run.ms))
  const cells = [subject, strategy, size, `${ms.toFixed(0)} ms`]
  cells.push(`${((ms / runs[0].size) * 1000).toFixed(1)} µs each`)
  const { heap, rss } = runs[0]
  const peak = Math.max(...runs.map((run) => run.peak))
  cells.push(heap ? `${heap.toFixed(1)} MB heap, ${rss.toFixed(0)} MB resident` : '')
  cells.push(`${peak.toFixed(0)} MB at most`)
  console.log(`| ${cells.join(' | ')} |`)
}

function compare([subject, strategy, sizes]) {
  const rows = sizes.map((size) => ({ size, runs: [] }))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { size, runs } of rows) runs.push(measureApart(subject, strategy, size))
  }
  for (const { size, runs } of rows) print(subject, strategy, size, runs)
}

const [, , subject, strategy, size] = process.argv
if (size) {
  const result = await SUBJECTS[subject](strategy, Number(size))
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ ...result, peak }))
} else {
  console.log(
    '| what | strategy | how many | time | of which | memory at the end | peak |\n|---|---|---|---|---|---|---|',
  )
  for (const row of MATRIX.filter(([name]) => !subject || name === subject)) compare(row)
}
