// What an hour of looks once a second costs a judge. Cold is a process that has judged nothing before, as after a
// restart; warm is the fifth hour in the same process. Wall-clock and CPU time, median and least of many processes.
// Run with: node packages/engine/bench/judge.bench.mjs
import { execFileSync } from 'node:child_process'
import { compareRates } from '@changeover/engine'

const LOOKS = 3_600
const PROCESSES = 21
const WARM_AFTER = 4

const samples = Array.from({ length: LOOKS }, (_, look) => ({
  candidate: { bad: look % 3, total: 200 + (look % 7) },
  baseline: { bad: look % 5, total: 1_800 },
}))

function hour() {
  const judge = compareRates()
  const cpu = process.cpuUsage()
  const began = performance.now()
  for (const sample of samples) judge.add(sample)
  const wall = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  return { wall, cpu: (user + system) / 1_000 }
}

function measure() {
  const cold = hour()
  for (let round = 1; round < WARM_AFTER; round += 1) hour()
  return { cold, warm: hour() }
}

function row(name, times) {
  const sorted = times.toSorted((a, b) => a - b)
  const show = (ms) => `${ms.toFixed(1)} ms`
  return `| ${name} | ${show(sorted[Math.floor(sorted.length / 2)])} | ${show(sorted[0])} |`
}

if (process.argv[2] === 'once') console.log(JSON.stringify(measure()))
else {
  const { pathname } = new URL(import.meta.url)
  const runs = Array.from({ length: PROCESSES }, () =>
    JSON.parse(execFileSync(process.execPath, [pathname, 'once'], { encoding: 'utf8' })),
  )
  console.log(`| ${LOOKS} looks | median | least |\n|---|---|---|`)
  for (const state of ['cold', 'warm']) {
    for (const time of ['wall', 'cpu'])
      console.log(
        row(
          `${state}, ${time}`,
          runs.map((run) => run[state][time]),
        ),
      )
  }
}
