// From the signal to the first red answer of the readiness probe, on a new connection for each probe, one after the other.
//
//   node packages/lifecycle/bench/readiness.bench.mjs [--rounds <n>] [subject ...]
import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { label, readCommandLine } from './command-line.mjs'
import { get } from './raw-connection.mjs'
import { startSubject } from './subject-process.mjs'
import { bySubject, formatMs, printTable, quantile } from './table.mjs'

const NOTICE_MS = 500
const LIMIT_MS = 3_000

// The others have no readiness of their own.
const { rounds, subjects } = readCommandLine(20, [
  'changeover',
  'terminus',
  'lightship',
  'graceful-server',
])

/** The status of one probe, or 0 where nobody answers. */
async function probeOnce({ port, path }) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.write(get(path))
  const heard = await once(socket, 'data').catch(() => undefined)
  socket.destroy()
  return heard === undefined ? 0 : Number(heard[0].latin1Slice(9, 12))
}

async function measure(name) {
  const subject = await startSubject(name, { noticeMs: NOTICE_MS })
  for (let index = 0; index < 50; index += 1) await probeOnce(subject.probe)
  if ((await probeOnce(subject.probe)) !== 200) throw new Error(`${name} was never ready.`)
  const began = subject.stop()
  let status = 200
  let green = -1
  while (status === 200 && performance.now() < began + LIMIT_MS) {
    status = await probeOnce(subject.probe)
    green += 1
  }
  const ms = status === 200 ? Infinity : performance.now() - began
  await sleep(50)
  subject.stop('SIGKILL')
  await subject.exited
  return { subject: name, ms, green, status }
}

const results = []
for (let round = 0; round < rounds; round += 1) {
  for (const name of subjects) results.push(await measure(name))
}
printTable(
  `Signal to the first red readiness, ${rounds} processes each`,
  ['subject', 'median', 'min', 'p90', 'max', 'green answers after the signal', 'red is'],
  bySubject(subjects, results).map(([name, runs]) => [
    label(name),
    ...[0.5, 0, 0.9, 1].map((share) =>
      formatMs(
        quantile(
          runs.map(({ ms }) => ms),
          share,
        ),
        LIMIT_MS,
      ),
    ),
    `${quantile(
      runs.map(({ green }) => green),
      0.5,
    )} (at most ${Math.max(...runs.map(({ green }) => green))})`,
    [...new Set(runs.map(({ status }) => status || 'no answer'))].join(', '),
  ]),
)
