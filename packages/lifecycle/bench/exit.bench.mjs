// From the last byte of an answer to the end of the process. In waves: every subject once and changeover four times, each
// stopped 100 ms after the one before it, so that all wait for their answers at the same time and end one after the other.
//
//   node packages/lifecycle/bench/exit.bench.mjs [--rounds <waves>] [subject ...]
import { setTimeout as sleep } from 'node:timers/promises'
import { label, readCommandLine } from './command-line.mjs'
import { askStreams } from './h2-session.mjs'
import { askRaw } from './raw-connection.mjs'
import { startSubject } from './subject-process.mjs'
import { bySubject, formatMs, formatRatio, printTable, quantile } from './table.mjs'

const LIMIT_MS = 8_000
const STAGGER_MS = 100
const OURS_A_WAVE = 4
const STREAMS = 3
const BIG = 8_000_000

const { rounds, subjects } = readCommandLine(5)

const endsWell = ({ tail }) => (tail.endsWith('done') || tail.endsWith('0\r\n\r\n') ? 1 : 0)
const delivered = ({ bytes }) => Math.min(1, bytes / BIG)
const streamsKept = ({ complete }) => complete / STREAMS

const scenarios = [
  {
    title: 'A request of 1 s in flight',
    lastsMs: 1_000,
    ask: (port) => askRaw({ port, path: '/wait?ms=1000' }),
    share: endsWell,
  },
  {
    title: 'A stream of 1 s whose head left before the signal',
    lastsMs: 1_000,
    ask: (port) => askRaw({ port, path: '/stream?ms=1000' }),
    share: endsWell,
  },
  {
    title: '8 MB to a reader of 4 MB/s',
    lastsMs: 2_000,
    ask: (port) => askRaw({ port, path: '/big', bytesPerMs: 4_000 }),
    share: delivered,
  },
  {
    title: 'A request of 1 s over HTTPS',
    protocol: 'https',
    lastsMs: 1_000,
    ask: (port) => askRaw({ port, path: '/wait?ms=1000', secure: true }),
    share: endsWell,
  },
  {
    title: 'Three streams of 1 s over HTTP/2 with TLS',
    protocol: 'h2',
    lastsMs: 1_000,
    ask: (port) => askStreams({ port, path: '/wait?ms=1000', secure: true, streams: STREAMS }),
    share: streamsKept,
  },
  {
    title: 'Three streams of 1 s over HTTP/2 without TLS',
    protocol: 'h2c',
    lastsMs: 1_000,
    ask: (port) => askStreams({ port, path: '/wait?ms=1000', secure: false, streams: STREAMS }),
    share: streamsKept,
  },
]

/** Asks, sends the signal while the answer is under way, and waits for the end of the process. */
async function measure(subject, { ask, lastsMs, share }) {
  const client = ask(subject.port)
  await sleep(STAGGER_MS)
  subject.stop()
  const tooLate = setTimeout(() => subject.stop('SIGKILL'), lastsMs + LIMIT_MS)
  const { at, code } = await subject.exited
  clearTimeout(tooLate)
  // What the process left in the buffers of the kernel still arrives.
  await sleep(code === 'SIGKILL' ? 0 : lastsMs)
  client.end()
  const ms = code === 'SIGKILL' ? Infinity : at - client.seen.lastByteAt
  return { subject: subject.name, ms, share: share(client.seen) }
}

/** Resolves when those that end soon have ended, with the promises of all. */
async function wave(scenario) {
  const ours = subjects.filter((name) => name === 'changeover')
  const names = [...subjects, ...Array.from({ length: OURS_A_WAVE - 1 }, () => ours).flat()]
  const runs = []
  const started = []
  for (const name of names) started.push(await startSubject(name, scenario))
  for (const subject of started) {
    runs.push(measure(subject, scenario))
    await sleep(STAGGER_MS)
  }
  await Promise.race([Promise.all(runs), sleep(scenario.lastsMs + 1_000)])
  return runs
}

function row(name, runs, rawMs) {
  const ms = runs.map((run) => run.ms)
  const survived = runs.reduce((sum, run) => sum + run.share, 0) / runs.length
  const middle = quantile(ms, 0.5)
  return [
    label(name),
    runs.length,
    `${(survived * 100).toFixed(0)} %`,
    ...[middle, Math.min(...ms), quantile(ms, 0.99)].map((value) => formatMs(value, LIMIT_MS)),
    // Who cuts the answer is gone before its last byte, and that is not fast.
    survived === 1 ? formatRatio(middle, rawMs, LIMIT_MS) : '–',
  ]
}

/** The median of raw where it lost nothing, else nothing to compare with. */
function medianOfRaw(results) {
  const runs = results.find(([name]) => name === 'raw')?.[1] ?? []
  if (runs.length === 0 || runs.some(({ share }) => share < 1)) return undefined
  return quantile(
    runs.map(({ ms }) => ms),
    0.5,
  )
}

for (const scenario of scenarios) {
  const runs = []
  for (let round = 0; round < rounds; round += 1) runs.push(...(await wave(scenario)))
  const results = bySubject(subjects, await Promise.all(runs))
  const rawMs = medianOfRaw(results)
  printTable(
    scenario.title,
    ['subject', 'runs', 'survived', 'exit after the last byte', 'min', 'p99', '× raw'],
    results.map(([name, list]) => row(name, list, rawMs)),
  )
}
