// A signal in the middle of 400 requests a second on 64 keep-alive connections over a path of 10 ms round trip, without a
// notice: requests that cross the end of their connection, and requests that were executed and never answered.
//
//   node packages/lifecycle/bench/race.bench.mjs [--rounds <n>] [subject ...]
import { setTimeout as sleep } from 'node:timers/promises'
import { label, readCommandLine } from './command-line.mjs'
import { startDelayProxy } from './delay-proxy.mjs'
import { createKeepAliveClient } from './keep-alive-client.mjs'
import { startSubject } from './subject-process.mjs'
import { bySubject, printTable } from './table.mjs'

const RATE = 400
const CONNECTIONS = 64
const ONE_WAY_MS = 5
const BEFORE_MS = 600
const AFTER_MS = 1_200
const OURS_A_ROUND = 4

const { rounds, subjects } = readCommandLine(5)

/** Sends request n when it is due, whatever became of the ones before it, until told to stop. */
function startLoad(client) {
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - began) * RATE) / 1_000
    for (; sent < due; sent += 1) client.send(`r${sent}`, `/wait?ms=${5 + (sent % 26)}&id=r${sent}`)
  }, 1)
  return () => clearInterval(timer)
}

async function measure(name) {
  const subject = await startSubject(name)
  const proxy = await startDelayProxy(subject.port, ONE_WAY_MS)
  const client = createKeepAliveClient(proxy)
  for (let index = 0; index < CONNECTIONS; index += 1) client.send(`w${index}`, '/')
  await sleep(150)
  const stopLoad = startLoad(client)
  await sleep(BEFORE_MS)
  subject.stop()
  await sleep(AFTER_MS)
  stopLoad()
  await sleep(150)
  subject.stop('SIGKILL')
  await subject.exited
  await sleep(4 * ONE_WAY_MS)
  client.close()
  proxy.close()
  return { subject: name, ...tally(client.outcomes, subject.executed()) }
}

function tally(outcomes, executed) {
  const ends = [...outcomes.values()]
  const count = (outcome) => ends.filter((end) => end === outcome).length
  const told = new Set(['answered', '503'])
  return {
    sent: ends.length,
    answered: count('answered'),
    reused: count('reset-reused'),
    fresh: count('reset-fresh'),
    unavailable: count('503'),
    refused: count('refused'),
    unanswered: executed.filter((id) => !told.has(outcomes.get(id))).length,
  }
}

const results = []
for (let round = 0; round < rounds; round += 1) {
  for (const name of subjects) {
    const times = name === 'changeover' ? OURS_A_ROUND : 1
    for (let time = 0; time < times; time += 1) results.push(await measure(name))
  }
}
const columns = ['reused', 'fresh', 'unanswered', 'unavailable', 'answered', 'refused']
printTable(
  `Sums over all signals at ${RATE} requests/s, ${ONE_WAY_MS * 2} ms round trip`,
  [
    'subject',
    'signals',
    'resets, reused connection',
    'resets, fresh connection',
    'executed without an answer',
    '503',
    '(answered)',
    '(refused after the end)',
    'resets on reused ones per signal, × raw',
  ],
  bySubject(subjects, results).map(([name, runs], _, all) => {
    const sum = (column, list = runs) => list.reduce((total, run) => total + run[column], 0)
    const raw = all.find(([other]) => other === 'raw')?.[1] ?? []
    const ratio = sum('reused') / runs.length / (sum('reused', raw) / raw.length)
    return [label(name), runs.length, ...columns.map((column) => sum(column)), ratio.toFixed(2)]
  }),
)
