// From the signal to the end of the process with 10,000 idle connections, and what each of them holds of the heap.
//
//   node packages/lifecycle/bench/idle.bench.mjs [--rounds <n>] [subject ...]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { label, readCommandLine } from './command-line.mjs'
import { startSubject } from './subject-process.mjs'
import { bySubject, formatMs, formatRatio, printTable, quantile } from './table.mjs'

const CONNECTIONS = 10_000
const LIMIT_MS = 20_000
const clientsPath = fileURLToPath(new URL('idle-clients.mjs', import.meta.url))

const { rounds, subjects } = readCommandLine(3)

async function openConnections(port, count) {
  const clients = fork(clientsPath, [String(port), String(count)])
  await once(clients, 'message')
  return async () => {
    const gone = once(clients, 'exit')
    clients.kill('SIGKILL')
    await gone
  }
}

async function measure(name) {
  const env = { KEEP_ALIVE_MS: '120000' }
  const subject = await startSubject(name, { env, execArgv: ['--expose-gc'] })
  // What the first connections make the server allocate once is not a cost of each.
  const closeFirst = await openConnections(subject.port, 200)
  await closeFirst()
  const before = await subject.ask('heap')
  const close = await openConnections(subject.port, CONNECTIONS)
  const bytes = ((await subject.ask('heap')) - before) / CONNECTIONS
  const began = subject.stop()
  const tooLate = setTimeout(() => subject.stop('SIGKILL'), LIMIT_MS)
  const { at, code } = await subject.exited
  clearTimeout(tooLate)
  await close()
  return { subject: name, ms: code === 'SIGKILL' ? Infinity : at - began, bytes }
}

const results = []
for (let round = 0; round < rounds; round += 1) {
  for (const name of subjects) results.push(await measure(name))
}
const rows = bySubject(subjects, results).map(([name, runs]) => {
  const ms = runs.map((run) => run.ms)
  const median = quantile(ms, 0.5)
  return {
    name,
    ms,
    median,
    bytes: quantile(
      runs.map((run) => run.bytes),
      0.5,
    ),
  }
})
const raw = rows.find(({ name }) => name === 'raw') ?? { median: undefined, bytes: NaN }
printTable(
  `${CONNECTIONS} idle connections, ${rounds} rounds`,
  ['subject', 'signal to exit', 'min', 'max', '× raw', 'heap per connection', 'over raw'],
  rows.map(({ name, ms, median, bytes }) => [
    label(name),
    ...[median, Math.min(...ms), Math.max(...ms)].map((value) => formatMs(value, LIMIT_MS)),
    formatRatio(median, raw.median, LIMIT_MS),
    `${(bytes / 1000).toFixed(2)} kB`,
    `${((bytes - raw.bytes) / 1000).toFixed(2)} kB`,
  ]),
)
