// Latency of small GETs at a constant rate, a share of what the router can do, found first: direct and through nginx and the
// router, in interleaved rounds. Client (h2load of Debian's nghttp2-client) and backend (nginx) are native, so that on two
// cores the one that is measured has what it needs: a client and a backend of Node have a worse 99th percentile by themselves.
//
//   node packages/routers/node/bench/latency.mjs [rounds] [seconds per round] [share, half where left out]
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BODY, median, start, startNginx } from './subjects.mjs'

const run = promisify(execFile)
/** The client asks on all of them at once, again and again: a request waits for those of its burst, more with each connection. */
const CONNECTIONS = Number(process.env['CONNECTIONS'] ?? 16)
const HEADERS = ['-H', 'cookie: uid=1234567890', '-H', 'accept: */*']

async function load(port, options) {
  const client = ['--h1', '-t', '1', '-c', String(CONNECTIONS), ...HEADERS]
  const { stdout } = await run('h2load', [...client, ...options, `http://127.0.0.1:${port}/`])
  return stdout
}

/** Requests per second that the subject can do at most. */
async function capacity({ port }) {
  await load(port, ['-n', '20000'])
  const told = await load(port, ['-n', '100000'])
  return Number(/([\d.]+) req\/s/.exec(told)[1])
}

/** The milliseconds of each request, of those sent at `rate` per second, sorted. */
async function latencies({ port }, rate, seconds, directory) {
  const file = join(directory, 'log')
  const pace = ['--rps', String(Math.round(rate / CONNECTIONS)), '-D', String(seconds)]
  await load(port, [...pace, '--log-file', file])
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  await rm(file)
  const taken = lines.map((line) => line.split('\t'))
  if (taken.some(([, status]) => status !== '200')) throw new Error('not every answer was 200')
  return taken.map(([, , micros]) => Number(micros) / 1000).toSorted((a, b) => a - b)
}

function quantile(sorted, q) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}

async function main(rounds = 7, seconds = 3, share = 0.5) {
  const directory = await mkdtemp(join(tmpdir(), 'bench-latency-'))
  const backend = await startNginx({ answer: BODY })
  const nginx = await startNginx({ target: backend.port })
  const router = await start('router', backend.port)
  const subjects = [{ ...backend, role: 'direct' }, nginx, router]
  const rate = Math.floor((await capacity(router)) * share)
  console.log(`${rate} requests per second: ${share} of what the router did`)
  const found = new Map(subjects.map((subject) => [subject, { p50: [], p99: [], count: 0 }]))
  for (let i = 0; i < rounds; i++) {
    for (const subject of subjects) {
      const sorted = await latencies(subject, rate, seconds, directory)
      const sums = found.get(subject)
      sums.count += sorted.length
      sums.p50.push(quantile(sorted, 0.5))
      sums.p99.push(quantile(sorted, 0.99))
    }
  }
  for (const [{ role, stop }, { p50, p99, count }] of found) {
    const spread = p99.map((ms) => ms.toFixed(2)).join(' ')
    console.log(
      `${role.padEnd(7)} p50 ${median(p50).toFixed(2)} ms, p99 ${median(p99).toFixed(2)} ms, ${count} requests   (p99: ${spread})`,
    )
    await stop()
  }
  await rm(directory, { recursive: true })
}

await main(...process.argv.slice(2).map(Number))
