// CPU time of the server per request while it serves, in interleaved rounds, since a busy machine slows whole minutes down.
//
//   node packages/lifecycle/bench/serving.bench.mjs [--rounds <n>] [subject ...]
import { connect } from 'node:net'
import { everybody, label, readCommandLine } from './command-line.mjs'
import { get } from './raw-connection.mjs'
import { startSubject } from './subject-process.mjs'
import { printTable, quantile } from './table.mjs'

const REQUESTS = 6_000
const CONNECTIONS = 16
const WARM_UP = 3

const [raw, ours, ...others] = everybody
const rows = [raw, 'raw-again', ours, 'changeover-handler', 'changeover-registry', ...others]
const { rounds, subjects } = readCommandLine(25, rows)

/** Sends `count` requests over keep-alive connections, each as soon as the one before it was answered. */
async function load(port, count) {
  let left = count
  const ask = get('/')
  const run = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const next = () => {
        if (left-- > 0) socket.write(ask)
        else resolve(socket.destroy())
      }
      socket.on('connect', next).on('error', reject)
      socket.on('data', (chunk) => {
        // The answer is small enough for one segment.
        if (!chunk.latin1Slice(0, 12).startsWith('HTTP/1.1 200'))
          reject(new Error(chunk.latin1Slice()))
        else next()
      })
    })
  await Promise.all(Array.from({ length: CONNECTIONS }, run))
}

async function microsecondsPerRequest(subject) {
  const before = await subject.ask('cpu')
  await load(subject.port, REQUESTS)
  const after = await subject.ask('cpu')
  return (after.user + after.system - before.user - before.system) / REQUESTS
}

const running = []
for (const name of subjects) running.push({ subject: await startSubject(name), costs: [] })
for (let round = -WARM_UP; round < rounds; round += 1) {
  // Each starts a round in turn, so that none always follows the same neighbour.
  const first = (round + WARM_UP) % running.length
  for (const { subject, costs } of [...running.slice(first), ...running.slice(0, first)]) {
    const cost = await microsecondsPerRequest(subject)
    if (round >= 0) costs.push(cost)
  }
}
await Promise.all(
  running.map(({ subject }) => {
    subject.stop('SIGKILL')
    return subject.exited
  }),
)

/** Between the two lies the true median, 19 times of 20: ranks of the binomial distribution. */
function confidence(values) {
  const spread = (1.96 * Math.sqrt(values.length)) / 2
  return [0.5 - spread / values.length, 0.5 + spread / values.length].map((share) =>
    quantile(values, Math.min(1, Math.max(0, share))),
  )
}

const signed = (us) => `${us < 0 ? '−' : '+'}${Math.abs(us).toFixed(2)}`
const { costs: rawCosts } = running[0]
printTable(
  `CPU per request in microseconds, ${rounds} rounds of ${REQUESTS} requests`,
  ['subject', 'median', 'min', 'p10', `over ${subjects[0]}, by round`, '95 % confidence', '× raw'],
  running.map(({ subject, costs }) => {
    const over = costs.map((cost, round) => cost - rawCosts[round])
    return [
      label(subject.name),
      ...[0.5, 0, 0.1].map((share) => quantile(costs, share).toFixed(2)),
      signed(quantile(over, 0.5)),
      confidence(over).map(signed).join(' to '),
      (quantile(costs, 0.5) / quantile(rawCosts, 0.5)).toFixed(3),
    ]
  }),
)
