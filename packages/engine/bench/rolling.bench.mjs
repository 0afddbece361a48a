// A rolling update planned, carried out, journaled and checked on the virtual clock, at growing sizes; each size in a
// process of its own, interleaved. Run with: node packages/engine/bench/rolling.bench.mjs
import { execFileSync } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { rolling } from '@changeover/engine'
import { simulate } from '@changeover/testing'

const SIZES = [1_000, 10_000]
const ROUNDS = 5
const OUTSIDE = { stopAfter: '1s', convergeAfter: '50ms', drainAfter: '500ms' }
const WORLDS = {
  'all ready after 2 s': { ...OUTSIDE, readyAfter: '2s' },
  'ready after 1 to 10 s': { ...OUTSIDE, readyAfter: ['1s', '10s'] },
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

async function measureHere(replicas, world) {
  const began = performance.now()
  const run = await simulate({ strategy: rolling(), replicas, world: WORLDS[world] })
  const ms = performance.now() - began
  if (run.outcome !== 'promoted' || run.violations.length > 0) throw new Error(JSON.stringify(run))
  const megabytes = process.resourceUsage().maxRSS / 1024
  console.log(JSON.stringify({ ms, megabytes, entries: run.entries }))
}

function measureApart(replicas, world) {
  const args = [new URL(import.meta.url).pathname, String(replicas), world]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

function compare(world) {
  const rows = new Map(SIZES.map((size) => [size, []]))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const size of SIZES) rows.get(size).push(measureApart(size, world))
  }
  for (const [size, runs] of rows) {
    const ms = median(runs.map((run) => run.ms))
    const megabytes = median(runs.map((run) => run.megabytes))
    const perInstance = (ms / size) * 1000
    console.log(
      `${world}: ${size} instances in ${ms.toFixed(0)} ms (${perInstance.toFixed(0)} µs each), ${megabytes.toFixed(0)} MB resident at most, ${runs[0].entries} journal entries`,
    )
  }
}

const [, , replicas, world] = process.argv
if (replicas) await measureHere(Number(replicas), world)
else Object.keys(WORLDS).forEach(compare)
